import type { ChatReply, GeneratedToken, ReplyEvent, RespondOptions, ToolChoice } from '../../index.js'
import type { ServedChat } from '../../serving/chats.js'
import { freeingMemory } from '../../serving/freeing-memory.js'
import type { ChatRequest } from '../request/chat.js'
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
import { withSettings } from './settings.js'
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
  /** In the last part: the text that has ended the reply, if it is one of the request's. */
  readonly stopText?: string | undefined
  /** In the last part: whether the context was full. */
  readonly isContextFull?: boolean
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
    const { chats } = this.#served
    const { messages, choices, maxTokens } = this.#request
    const seed = this.#request.seed ?? randomSeed()
    const { first, settings } = withSettings(this.#served, this.#request, (settings) => {
      return { first: chats.take(settings, messages), settings }
    })
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
      if (part) yield part
    }
    count()
    yield { ...progress.rest(), ...this.#ending(reply) }
  }

  #options(): RespondOptions {
    const options = generateOptions(this.#served, this.#request, this.#signal)
    const { forced, parallelToolCalls } = this.#request
    // A stop string would cut a call.
    const stop = forced ? [] : options.stop
    return { ...options, stop, toolChoice: this.#toolChoice(), parallelToolCalls }
  }

  #toolChoice(): ToolChoice {
    const { tools, forced } = this.#request
    if (!forced) return 'auto'
    return forced !== tools && forced.length === 1 ? { name: forced[0].function.name } : 'required'
  }

  #ending({ stopReason, stoppedBy, toolCalls }: ChatReply): Partial<ReplyPart> {
    const reason = finishReason(stopReason, this.#signal)
    return {
      finish: reason === 'stop' && toolCalls.length > 0 ? 'tool_calls' : reason,
      stopText: typeof stoppedBy === 'string' ? stoppedBy : undefined,
      isContextFull: stopReason === 'context',
    }
  }
}

/** What of a reply has been taken already. */
class Progress {
  reasoningTokens = 0
  readonly #reply: ChatReply
  readonly #index: number
  #reasoning = ''
  #content = ''
  #calls: CallPart[] = []
  #isFirst = true
  /** Whether the content so far ends within a line. */
  #isInLine = false
  /** Tokens that belong to the next part. */
  #tokens: GeneratedToken[] = []

  constructor(reply: ChatReply, index: number) {
    this.#reply = reply
    this.#index = index
    reply.takeEvents()
  }

  /** What a token has added; `undefined` for nothing, unless it is the first token. */
  take(token: GeneratedToken): ReplyPart | undefined {
    this.#tokens.push(token)
    this.#read()
    return this.#isFirst || !this.#isEmpty ? this.rest() : undefined
  }

  /** All that has not been taken. */
  rest(): ReplyPart {
    this.#read()
    const part = {
      index: this.#index,
      reasoning: this.#reasoning,
      content: this.#content,
      calls: this.#calls,
      isFirst: this.#isFirst,
    }
    const tokens = this.#tokens
    if (part.reasoning !== '') this.reasoningTokens += tokens.length
    // The first part may have no text yet; then its tokens belong to the next one.
    if (!this.#isEmpty) this.#tokens = []
    this.#reasoning = this.#content = ''
    this.#calls = []
    this.#isFirst = false
    return { ...part, tokens: part.content === '' ? [] : tokens }
  }

  get #isEmpty(): boolean {
    return this.#reasoning === '' && this.#content === '' && this.#calls.length === 0
  }

  #read(): void {
    for (const event of this.#reply.takeEvents()) this.#add(event)
  }

  #add(event: ReplyEvent): void {
    switch (event.type) {
      case 'reasoning':
        this.#reasoning += event.text
        break
      case 'content':
        this.#addContent(event.text)
        break
      case 'tool-call-start': {
        const { index, id, name } = event
        this.#calls.push({ index, begins: { id, name }, argumentsText: '', isLast: false })
        break
      }
      case 'tool-call-delta':
        this.#calls.push({ index: event.index, argumentsText: event.argumentsText, isLast: false })
        break
      case 'tool-call':
        this.#calls.push({ index: event.index, argumentsText: '', isLast: true })
        break
      case 'malformed-tool-call':
        // What has been sent of a call cannot be taken back, so it ends there.
        if (event.index === undefined) this.#addContent(`${this.#isInLine ? '\n' : ''}${event.text}`)
        else this.#calls.push({ index: event.index, argumentsText: '', isLast: true })
    }
  }

  #addContent(text: string): void {
    if (text === '') return
    this.#content += text
    this.#isInLine = /\S$/.test(text)
  }
}
