import type { Chat, ChatReply, FunctionTool, GeneratedToken, RespondOptions } from '../../index.js'
import { freeingMemory } from '../../serving/freeing-memory.js'
import type { ChatRequest } from '../request/chat.js'
import { formatOfCall, readForcedCall, type WrittenCall } from './forced-call.js'
import { type FinishReason, finishReason, generateOptions, NO_TOKENS, randomSeed } from './generating.js'
import type { ServedModel } from './models.js'

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

/** The replies to a request, one after the other, and their tokens so far. */
export class Replies {
  readonly #served: ServedModel
  readonly #request: ChatRequest
  readonly #signal: AbortSignal
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
    const { messages, tools, thinking, templateVariables, choices, seed } = this.#request
    const served = chats.take({ ...chatSettings, tools, thinking, templateVariables }, messages)
    try {
      served.chat.session.setSeed(seed ?? randomSeed())
      for (let index = 0; index < choices; index++) {
        if (index > 0) served.begin(messages)
        yield* this.#reply(served.chat, index)
      }
    } finally {
      chats.give(served)
    }
  }

  async *#reply(chat: Chat, index: number): AsyncGenerator<ReplyPart> {
    const reply = chat.respond(this.#options())
    const progress = new Progress(reply, index)
    const before = this.counts
    const count = () => {
      const { promptTokens, cachedTokens, completionTokens } = reply.usage
      this.counts = {
        // The prompt is the same for all replies.
        ...(index === 0 ? { promptTokens, cachedTokens } : before),
        completionTokens: before.completionTokens + completionTokens,
        reasoningTokens: before.reasoningTokens + progress.reasoningTokens,
      }
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
