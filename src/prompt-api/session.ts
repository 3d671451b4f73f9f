import { abortable } from '../abortable.js'
import { checkSignal } from '../checks.js'
import {
  type Chat,
  type ChatMessage,
  type ChatOptions,
  chatSampling,
  createChat,
  DasllamaError,
  type SamplingParams,
  toolResult,
} from '../index.js'
import type { Loaded } from '../serving/hosted-model.js'
import { type Constraint, readConstraint } from './constraint.js'
import { domException, quotaExceeded, webError } from './errors.js'
import { Measure } from './measure.js'
import { type LanguageModelPrompt, readPrompt } from './messages.js'
import { functionTools, type SessionSettings } from './options.js'

/** Options of `prompt` and `promptStreaming`. */
export interface LanguageModelPromptOptions {
  /** A JSON schema, or a regular expression that the answer matches. */
  readonly responseConstraint?: object
  /** Changes nothing: the constraint is never added to the prompt. */
  readonly omitResponseConstraintInput?: boolean
  /** Rejects with its reason; the session then has neither the prompt nor a part of the reply. */
  readonly signal?: AbortSignal
}

/** Options of `append` and `clone`. */
export interface LanguageModelSignalOptions {
  /** Rejects with its reason. */
  readonly signal?: AbortSignal
}

/** Calls of tools for one prompt; more are a loop. */
const MAX_ROUNDS = 8

type Handler = ((event: Event) => unknown) | null

/**
 * A conversation with a model in the shape of the web's `LanguageModel`. It comes from `create`. Calls run one after the other.
 */
export class LanguageModelSession extends EventTarget {
  /** Called when old messages were dropped because the context is full; so are listeners of `contextoverflow`. */
  oncontextoverflow: Handler = null
  /** The same, under its older name: `quotaoverflow`. */
  onquotaoverflow: Handler = null
  /** How varied replies are. */
  readonly samplingMode: SessionSettings['samplingMode']
  readonly #loaded: Loaded
  readonly #settings: SessionSettings
  readonly #chat: Chat
  readonly #measure: Measure
  readonly #destroyed = new AbortController()
  #usage: number
  #running: Promise<unknown> = Promise.resolve()

  private constructor(loaded: Loaded, settings: SessionSettings, messages: readonly ChatMessage[]) {
    super()
    const options: ChatOptions = {
      ...loaded.chatSettings,
      ...loaded.sampling,
      ...settings.sampling,
      tools: functionTools(settings.tools),
    }
    this.#loaded = loaded
    this.#settings = settings
    this.samplingMode = settings.samplingMode
    this.#measure = new Measure(loaded.model, options)
    try {
      this.#usage = this.#measure.tokens(messages)
      if (this.#usage >= loaded.model.contextLength)
        throw quotaExceeded(this.#usage, loaded.model.contextLength)
      this.#chat = createChat(loaded.model, { ...options, history: messages, overflow: 'error' })
    } catch (error) {
      void this.#measure.dispose()
      throw error
    }
  }

  /** @internal Sessions come from `create` and `clone`. */
  static create(
    loaded: Loaded,
    settings: SessionSettings,
    signal: AbortSignal | undefined,
    messages: readonly ChatMessage[] = settings.initial,
  ): LanguageModelSession {
    signal?.throwIfAborted()
    const session = new LanguageModelSession(loaded, settings, messages)
    signal?.addEventListener('abort', () => session.#destroy(signal.reason), { once: true })
    return session
  }

  /** Tokens of the conversation so far. */
  get contextUsage(): number {
    return this.#usage
  }

  /** Tokens that the context holds, with a reply. */
  get contextWindow(): number {
    return this.#chat.session.contextLength
  }

  /** `contextUsage`, under its older name. */
  get inputUsage(): number {
    return this.contextUsage
  }

  /** `contextWindow`, under its older name. */
  get inputQuota(): number {
    return this.contextWindow
  }

  /** How many of the most likely tokens are sampled from; 0 is all. */
  get topK(): number {
    return this.#sampling.topK ?? 0
  }

  /** 0 is greedy. */
  get temperature(): number {
    return this.#sampling.temp ?? 0
  }

  get #sampling(): SamplingParams {
    const { model, sampling } = this.#loaded
    return { ...chatSampling(model), ...sampling, ...this.#settings.sampling }
  }

  /**
   * Resolves with the answer to a prompt; both become part of the conversation. Old messages, but not the initial ones, are dropped
   * if there is no space. Rejects with a `DOMException`: `QuotaExceededError` for a prompt that does not fit, `NotSupportedError`,
   * `AbortError` after `destroy()`, `UnknownError`; with `TypeError` for what is not a prompt; with the signal's reason.
   */
  async prompt(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): Promise<string> {
    let text = ''
    for await (const piece of this.#answer(input, options)) text += piece
    return text
  }

  /** The same as a stream of pieces. */
  promptStreaming(
    input: LanguageModelPrompt,
    options: LanguageModelPromptOptions = {},
  ): ReadableStream<string> {
    const left = new AbortController()
    const pieces = this.#answer(input, options, left.signal)
    return new ReadableStream<string>(
      {
        async pull(controller) {
          const { done, value } = await pieces.next()
          if (done) controller.close()
          else controller.enqueue(value)
        },
        async cancel(reason) {
          left.abort(reason)
          await pieces.return(undefined)
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Adds messages to the conversation without an answer. Rejects as `prompt` does. */
  async append(input: LanguageModelPrompt, { signal }: LanguageModelSignalOptions = {}): Promise<undefined> {
    const end = await this.#turn(signal)
    try {
      this.#add(this.#read(input))
    } catch (error) {
      throw webError(error)
    } finally {
      end()
    }
  }

  /** The tokens by which a prompt would make the conversation longer. */
  async measureContextUsage(
    input: LanguageModelPrompt,
    { signal }: LanguageModelPromptOptions = {},
  ): Promise<number> {
    try {
      this.#check(signal)
      const messages = [...this.#chat.history, ...this.#read(input)]
      return Math.max(0, this.#measure.tokens(messages) - this.#usage)
    } catch (error) {
      throw webError(error)
    }
  }

  /** `measureContextUsage`, under its older name. */
  measureInputUsage(input: LanguageModelPrompt, options: LanguageModelPromptOptions = {}): Promise<number> {
    return this.measureContextUsage(input, options)
  }

  /** A session that goes on from the same conversation. */
  async clone({ signal }: LanguageModelSignalOptions = {}): Promise<LanguageModelSession> {
    const end = await this.#turn(signal)
    try {
      return LanguageModelSession.create(this.#loaded, this.#settings, signal, this.#chat.history)
    } catch (error) {
      throw webError(error)
    } finally {
      end()
    }
  }

  /** Ends the session: running and later calls reject with an `AbortError`. Idempotent. */
  destroy(): void {
    this.#destroy(domException('AbortError', 'the session has been destroyed'))
  }

  #destroy(reason: unknown): void {
    if (this.#destroyed.signal.aborted) return
    this.#destroyed.abort(reason)
    void Promise.all([this.#chat.dispose(), this.#measure.dispose()])
  }

  /** Throws for a signal that is aborted, or is not one, and for a session that has been destroyed. */
  #check(signal: AbortSignal | undefined): void {
    checkSignal(signal)
    this.#destroyed.signal.throwIfAborted()
    signal?.throwIfAborted()
  }

  /** Waits for earlier calls; resolves with a function that ends this one. */
  async #turn(...signals: (AbortSignal | undefined)[]): Promise<() => void> {
    let end = () => {}
    const before = this.#running
    try {
      for (const signal of signals) this.#check(signal)
      this.#running = new Promise<void>((resolve) => {
        end = resolve
      })
      const waiting: Promise<unknown> = abortable(before, this.#destroyed.signal)
      await signals.reduce((all, signal) => abortable(all, signal), waiting)
    } catch (error) {
      // Later calls still wait for the earlier ones.
      void before.then(end)
      throw webError(error)
    }
    return end
  }

  #read(input: unknown): ChatMessage[] {
    return readPrompt(input, { mayHaveSystem: this.#chat.history.length === 0 })
  }

  /** Adds messages, and drops old ones where there is no space. */
  #add(messages: readonly ChatMessage[]): void {
    const history = [...this.#chat.history, ...messages]
    const { contextWindow } = this
    let usage = this.#measure.tokens(history)
    let hasDropped = false
    while (usage > contextWindow - (contextWindow >> 2)) {
      const end = endOfOldestTurn(history, this.#settings.initial.length, history.length - messages.length)
      if (end === undefined) break
      history.splice(this.#settings.initial.length, end - this.#settings.initial.length)
      hasDropped = true
      usage = this.#measure.tokens(history)
    }
    if (usage >= contextWindow) throw quotaExceeded(usage, contextWindow)
    this.#chat.history = history
    this.#usage = usage
    if (hasDropped) this.#overflow()
  }

  #overflow(): void {
    for (const type of ['contextoverflow', 'quotaoverflow'] as const) {
      const event = new Event(type)
      this[`on${type}`]?.(event)
      this.dispatchEvent(event)
    }
  }

  async *#answer(
    input: unknown,
    options: LanguageModelPromptOptions,
    left?: AbortSignal,
  ): AsyncGenerator<string> {
    const { signal, responseConstraint } = options
    const constraint = readConstraint(responseConstraint)
    const end = await this.#turn(signal, left)
    let kept: ChatMessage[] | undefined
    try {
      const messages = this.#read(input)
      const isSystemOnly = messages.every(({ role }) => role === 'system')
      if (isSystemOnly) throw new TypeError('a prompt must have a message that is not of the system')
      this.#add(messages)
      // What was dropped stays dropped, whatever becomes of the prompt.
      kept = this.#chat.history.slice(0, -messages.length)
      yield* this.#write(constraint, [signal, left, this.#destroyed.signal])
      kept = undefined
    } catch (error) {
      throw isTooLong(error)
        ? quotaExceeded(this.#measure.tokens(this.#chat.history), this.contextWindow)
        : webError(error)
    } finally {
      if (!this.#destroyed.signal.aborted) {
        if (kept) this.#chat.history = kept
        this.#usage = this.#measure.tokens(this.#chat.history)
      }
      end()
    }
  }

  /** Lets the model answer, and executes the tools that it calls. */
  async *#write(
    { format, read }: Constraint,
    signals: readonly (AbortSignal | undefined)[],
  ): AsyncGenerator<string> {
    const controller = new AbortController()
    const given = signals.filter((signal) => signal !== undefined)
    const abort = () => controller.abort(given.find(({ aborted }) => aborted)?.reason)
    for (const signal of given) signal.addEventListener('abort', abort)
    const { signal } = controller
    try {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const reply = this.#chat.respond({ responseFormat: format, signal })
        let length = 0
        for await (const _ of reply) {
          const text = read(reply.content)
          if (text.length > length) yield text.slice(length)
          length = Math.max(length, text.length)
        }
        signal.throwIfAborted()
        if (reply.stopReason === 'abort')
          throw new DasllamaError('DISPOSED', 'the model was disposed during the call')
        const rest = read(reply.content).slice(length)
        if (rest !== '') yield rest
        if (reply.toolCalls.length === 0) return
        await this.#execute(reply.toolCalls, signal)
      }
      throw domException('OperationError', `the model has called tools ${MAX_ROUNDS} times for one prompt`)
    } finally {
      for (const signal of given) signal.removeEventListener('abort', abort)
    }
  }

  /** Executes calls at the same time, and adds their results. */
  async #execute(calls: Chat['history'][number]['toolCalls'] & object, signal: AbortSignal): Promise<void> {
    const results = calls.map(async (call) => {
      const tool = this.#settings.tools.find(({ name }) => name === call.name)!
      return toolResult(call, await tool.execute(call.arguments), this.#chat.replyFormat)
    })
    for (const message of await abortable(Promise.all(results), signal)) this.#chat.add(message)
  }
}

/** Whether results of tools have filled the context. */
function isTooLong(error: unknown): boolean {
  return error instanceof DasllamaError && error.code === 'CONTEXT_FULL'
}

/** The end of the oldest turn after the initial messages, which begins with a message of the user; `undefined` if there is none. */
function endOfOldestTurn(history: readonly ChatMessage[], first: number, last: number): number | undefined {
  if (first >= last) return undefined
  const next = history.findIndex(({ role }, i) => i > first && i < last && role === 'user')
  return next < 0 ? last : next
}
