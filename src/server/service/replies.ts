import type { ChatReply, FunctionTool, GeneratedToken, RespondOptions } from '../../index.js'
import type { ChatRequest } from '../request/chat.js'
import type { ServedChat } from './chats.js'
import { formatOfCall, readForcedCall, type WrittenCall } from './forced-call.js'
import { freeingMemory } from './freeing-memory.js'
import {
  type FinishReason,
  finishReason,
  generateOptions,
  NO_PROMPT,
  NO_TOKENS,
  type ReplyCounts,
  randomSeed,
  seedOf,
  sumOf,
} from './generating.js'
import type { Admitted, ServedModel } from './models.js'
import { together } from './together.js'

/** A piece of a call of a tool. */
export interface CallPart {
  /** The number of the call in its reply. */
  readonly index: number
  /** Set in the first piece of a call. */
  readonly begins?: { readonly id: string; readonly name: string }
  /** More of the JSON of the arguments. */
  readonly argumentsText: string
  /** Whether it is the last piece of the call. */
  readonly isLast: boolean
}

/** A piece of one of the replies to a request. */
export interface ReplyPart {
  /** Which reply. */
  readonly index: number
  readonly reasoning: string
  readonly content: string
  readonly calls: readonly CallPart[]
  /** The tokens of the content, if log-probabilities are wanted. */
  readonly tokens: readonly GeneratedToken[]
  /** Whether it is the first part of its reply. */
  readonly isFirst: boolean
  /** Set in the last part of its reply. */
  readonly finish?: FinishReason
}

/** The replies to a request, and their tokens so far. Several are written at the same time, where their prompt is read once. */
export class Replies {
  readonly #served: ServedModel
  readonly #request: ChatRequest
  readonly #signal: AbortSignal
  readonly #each: ReplyCounts[] = []
  counts = NO_TOKENS

  constructor(served: ServedModel, request: ChatRequest, signal: AbortSignal) {
    this.#served = served
    this.#request = request
    this.#signal = signal
  }

  /** Writes the replies. */
  parts(): AsyncGenerator<ReplyPart> {
    return freeingMemory(this.#served, () => this.#write())
  }

  async *#write(): AsyncGenerator<ReplyPart> {
    const { chatSettings, chats } = this.#served
    const { messages, tools, thinking, templateVariables, choices, maxTokens } = this.#request
    const seed = this.#request.seed ?? randomSeed()
    const settings = { ...chatSettings, tools, thinking, templateVariables }
    const first = chats.take(settings, messages)
    const others: ServedChat[] = []
    let admitted: Admitted | undefined
    try {
      const reply = first.chat.respond(this.#options())
      const prompt = reply.promptIds.length
      admitted = await this.#served.admit({ prompt, reply: maxTokens, count: choices }, this.#signal)
      this.#served.progress({ ...NO_TOKENS, promptTokens: prompt })
      const begin = (served: ServedChat, index: number) => {
        served.chat.session.setSeed(seedOf(seed, index))
        return this.#reply(index === 0 ? reply : served.chat.respond(this.#options()), index)
      }
      const indices = Array.from({ length: choices }, (_, index) => index)
      if (admitted.isTogether) {
        yield* together(
          indices.map((index) => () => {
            if (index > 0) others.push(chats.takeNew(settings, messages))
            return begin(others[index - 1] ?? first, index)
          }),
        )
      } else {
        for (const index of indices) {
          if (index > 0) first.begin(messages)
          yield* begin(first, index)
        }
      }
    } finally {
      admitted?.leave()
      chats.give(first)
      await Promise.all(others.map((other) => other.dispose()))
    }
  }

  async *#reply(reply: ChatReply, index: number): AsyncGenerator<ReplyPart> {
    const progress = new Progress(reply, index)
    const count = () => {
      this.#each[index] = { ...reply.usage, reasoningTokens: progress.reasoningTokens }
      this.counts = sumOf(this.#each.map((counts, i) => (i === 0 ? counts : { ...counts, ...NO_PROMPT })))
      this.#served.progress(this.counts)
    }
    for await (const token of reply) {
      const part = progress.take(token)
      count()
      // A forced call is not content.
      if (part) yield this.#request.forced ? { ...part, content: '', tokens: [] } : part
    }
    count()
    const last = { ...progress.rest(), finish: this.#finish(reply) }
    yield this.#request.forced ? this.#forced(last, reply, this.#request.forced) : last
  }

  /** The last part of a reply that is a forced call. */
  #forced(last: ReplyPart, { content }: ChatReply, tools: readonly FunctionTool[]): ReplyPart {
    const call = readForcedCall(content, tools)
    const finish = last.finish === 'length' ? 'length' : 'tool_calls'
    return { ...last, content: '', tokens: [], calls: call ? [wholeCall(call, 0)] : [], finish }
  }

  #options(): RespondOptions {
    const options = generateOptions(this.#served, this.#request, this.#signal)
    const { forced } = this.#request
    // A stop string would cut a call.
    return forced ? { ...options, stop: [], responseFormat: formatOfCall(forced) } : options
  }

  #finish({ stopReason, toolCalls }: ChatReply): FinishReason {
    const reason = finishReason(stopReason, this.#signal)
    return reason === 'stop' && toolCalls.length > 0 ? 'tool_calls' : reason
  }
}

/** What of a reply has been taken already. */
class Progress {
  reasoningTokens = 0
  readonly #reply: ChatReply
  readonly #index: number
  #reasoning = 0
  #content = 0
  #calls = 0
  #isFirst = true
  /** Tokens that belong to the next part. */
  #tokens: GeneratedToken[] = []

  constructor(reply: ChatReply, index: number) {
    this.#reply = reply
    this.#index = index
  }

  /** What a token has added; `undefined` for nothing, unless it is the first token. */
  take(token: GeneratedToken): ReplyPart | undefined {
    this.#tokens.push(token)
    const { reasoning, content, toolCalls } = this.#reply
    const isMore =
      reasoning.length > this.#reasoning || content.length > this.#content || toolCalls.length > this.#calls
    return isMore || this.#isFirst ? this.rest() : undefined
  }

  /** All that has not been taken. */
  rest(): ReplyPart {
    const { reasoning, content, toolCalls } = this.#reply
    const part = {
      index: this.#index,
      reasoning: reasoning.slice(this.#reasoning),
      content: content.slice(this.#content),
      calls: toolCalls.slice(this.#calls).map(({ id, name, arguments: given }, i) => {
        return wholeCall({ id, name, argumentsText: JSON.stringify(given) }, this.#calls + i)
      }),
      isFirst: this.#isFirst,
    }
    const tokens = this.#tokens
    if (part.reasoning !== '') this.reasoningTokens += tokens.length
    // The first part may have no text yet; then its tokens belong to the next one.
    const isEmpty = part.reasoning === '' && part.content === '' && part.calls.length === 0
    if (!isEmpty) this.#tokens = []
    this.#reasoning = reasoning.length
    this.#content = content.length
    this.#calls = toolCalls.length
    this.#isFirst = false
    return { ...part, tokens: part.content === '' ? [] : tokens }
  }
}

function wholeCall({ id, name, argumentsText }: WrittenCall, index: number): CallPart {
  return { index, begins: { id, name }, argumentsText, isLast: true }
}
