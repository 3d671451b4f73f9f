import { given } from '../given.js'
import {
  DasllamaError,
  type FunctionTool,
  type ReplyEvent,
  type RespondOptions,
  type StopReason,
  type Thinking,
  type ToolChoice,
  type Usage,
} from '../index.js'
import type { Messages } from './chats.js'
import { freeingMemory } from './freeing-memory.js'
import type { Loaded } from './hosted-model.js'
import { randomSeed } from './random-seed.js'

/** What an adapter asks a model for, in the library's words. */
export interface HostedRequest {
  readonly messages: Messages
  readonly tools?: readonly FunctionTool[]
  /** Default `auto`. */
  readonly toolChoice?: ToolChoice
  readonly thinking?: Thinking | undefined
  /** Variables of the template. */
  readonly templateVariables?: Readonly<Record<string, unknown>>
  /** Default: a random one. With a seed, the same request gives the same reply, whatever is in the cache. */
  readonly seed?: number | undefined
  /** Length, sampling and format; entries that are `undefined` count as absent. */
  readonly options?: Omit<RespondOptions, 'signal' | 'thinking'>
  readonly signal?: AbortSignal | undefined
}

/** Numbers of tokens, which grow while a reply is written. */
export interface HostedUsage extends Usage {
  /** How many of the completion's tokens are reasoning. */
  readonly reasoningTokens: number
}

/**
 * The reply of a model to a request. Each reply has a chat of its own while it is written, so any number of them share the
 * model's passes; the chat is then kept for the next request with the same beginning.
 */
export class HostedReply {
  /** So far. */
  usage: HostedUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }
  /** Set when the reply has ended. */
  stopReason: StopReason | undefined
  /** Complete calls so far. */
  calls = 0
  readonly #loaded: Loaded
  readonly #request: HostedRequest

  constructor(loaded: Loaded, request: HostedRequest) {
    this.#loaded = loaded
    this.#request = request
  }

  /**
   * Writes the reply; for one reader. Leaving the loop ends it. Throws what `createChat`, setting a history and `respond` throw,
   * and the signal's reason.
   */
  events(): AsyncGenerator<ReplyEvent> {
    return freeingMemory(this.#loaded, () => this.#write())
  }

  async *#write(): AsyncGenerator<ReplyEvent> {
    const { chats, chatSettings, sampling } = this.#loaded
    const {
      messages,
      tools = [],
      toolChoice,
      thinking,
      templateVariables,
      seed,
      options = {},
      signal,
    } = this.#request
    signal?.throwIfAborted()
    const served = chats.take({ ...chatSettings, tools, thinking, templateVariables }, messages)
    try {
      served.chat.session.setSeed(seed ?? randomSeed())
      const reply = served.chat.respond({
        ...sampling,
        ...given(options),
        toolChoice,
        reuse: seed === undefined ? 'all' : 'exact',
        signal,
      })
      for await (const event of reply.events()) {
        this.#count(reply.usage, event.type)
        if (event.type === 'tool-call') this.calls++
        yield event
      }
      this.#count(reply.usage)
      this.stopReason = reply.stopReason
      if (reply.stopReason === 'abort') {
        signal?.throwIfAborted()
        throw new DasllamaError('DISPOSED', 'the model was disposed during the call')
      }
    } finally {
      chats.give(served)
    }
  }

  /** Tokens since the last event belong to this one. */
  #count(usage: Usage, type?: ReplyEvent['type']): void {
    const { completionTokens, reasoningTokens } = this.usage
    const more = type === 'reasoning' ? usage.completionTokens - completionTokens : 0
    this.usage = { ...usage, reasoningTokens: reasoningTokens + more }
  }
}
