import type {
  Chat,
  ChatReply,
  GeneratedToken,
  ParsedToolCall,
  RespondOptions,
  StopReason,
} from '../../index.js'
import { ApiError } from '../api-error.js'
import type { TokenCounts } from '../call.js'
import type { ChatRequest } from '../request/chat.js'
import { freeingMemory } from './freeing-memory.js'
import type { ServedModel } from './models.js'

export type FinishReason = 'stop' | 'length' | 'tool_calls'

/** A piece of one of the replies to a request. */
export interface ReplyPart {
  /** Which reply. */
  readonly index: number
  readonly reasoning: string
  readonly content: string
  readonly toolCalls: readonly ParsedToolCall[]
  /** The number of the first of these calls in its reply. */
  readonly firstCall: number
  /** The tokens of the content, if log-probabilities are wanted. */
  readonly tokens: readonly GeneratedToken[]
  /** Whether it is the first part of its reply. */
  readonly isFirst: boolean
  /** Set in the last part of its reply. */
  readonly finish?: FinishReason
}

/** Numbers of tokens, which grow while replies are written. */
export interface ReplyCounts extends TokenCounts {
  readonly reasoningTokens: number
}

/** The replies to a request, one after the other, and their tokens so far. */
export class Replies {
  readonly #served: ServedModel
  readonly #request: ChatRequest
  readonly #signal: AbortSignal
  counts: ReplyCounts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }

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
      if (part) yield part
    }
    count()
    yield { ...progress.rest(), finish: this.#finish(reply) }
  }

  #options(): RespondOptions {
    const { sampling, maxTokens, stop, logprobs, responseFormat, seed } = this.#request
    return {
      ...this.#served.sampling,
      ...sampling,
      maxTokens,
      stop,
      logprobs,
      responseFormat,
      // With a seed, the same request gives the same reply, whatever the server has in its cache.
      reuse: seed === undefined ? 'all' : 'exact',
      signal: this.#signal,
    }
  }

  #finish({ stopReason, toolCalls }: ChatReply): FinishReason {
    if (stopReason === 'abort') {
      this.#signal.throwIfAborted()
      throw new ApiError(503, 'the model is being shut down', { code: 'disposed' })
    }
    return finishReason(stopReason, { hasCalls: toolCalls.length > 0 })
  }
}

export function finishReason(
  stopReason: StopReason | undefined,
  { hasCalls }: { readonly hasCalls: boolean },
): FinishReason {
  if (stopReason === 'length' || stopReason === 'context') return 'length'
  return hasCalls ? 'tool_calls' : 'stop'
}

/** 53 random bits. */
export function randomSeed(): number {
  const [high, low] = crypto.getRandomValues(new Uint32Array(2))
  return (high & 0x1fffff) * 2 ** 32 + low
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
      toolCalls: toolCalls.slice(this.#calls),
      firstCall: this.#calls,
      isFirst: this.#isFirst,
    }
    const tokens = this.#tokens
    if (part.reasoning !== '') this.reasoningTokens += tokens.length
    // The first part may have no text yet; then its tokens belong to the next one.
    const isEmpty = part.reasoning === '' && part.content === '' && part.toolCalls.length === 0
    if (!isEmpty) this.#tokens = []
    this.#reasoning = reasoning.length
    this.#content = content.length
    this.#calls = toolCalls.length
    this.#isFirst = false
    return { ...part, tokens: part.content === '' ? [] : tokens }
  }
}
