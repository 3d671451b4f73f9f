import type { Executable } from '../backend/executable.js'
import { checkCount } from '../checks.js'
import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Config } from '../model/config.js'
import type { SamplingParams } from '../sampling/params.js'
import { Call } from '../session/call.js'
import { CounterMeter, type ModelCounters } from '../session/counters.js'
import { Embedder } from '../session/embedder.js'
import { type BatchEntry, evalBatch } from '../session/eval-batch.js'
import { modelDisposed } from '../session/failures.js'
import type { PrefixCache, PrefixCacheStats } from '../session/prefix-cache.js'
import { Scheduler } from '../session/scheduler.js'
import { Session, type SessionHost } from '../session/session.js'
import { resolveSessionOptions, type SessionOptions } from '../session/session-options.js'
import { SessionRegistry } from '../session/session-registry.js'
import type {
  DecodeOptions,
  EncodeInfillOptions,
  EncodeOptions,
  InfillParts,
  TokenId,
  Tokenizer,
} from '../tokenizer/tokenizer.js'
import type { WarningListener } from '../warnings.js'
import type { FormatShare } from './model-summary.js'

/** What a model is made of. */
export interface ModelParts {
  readonly executable: Executable
  readonly config: Config
  /** Default none. */
  readonly formats?: readonly FormatShare[]
  /** Says which model a saved state belongs to. */
  readonly identity: string
  readonly tokenizer: Tokenizer
  readonly contextLength: number
  /** Bytes that a text of so many tokens takes in an encoder, which has no sessions. */
  readonly textBytes?: ((tokens: number) => number) | undefined
  /** Default none. */
  readonly chatTemplates?: ReadonlyMap<string, string>
  /** Default none. */
  readonly recommendedSampling?: Readonly<SamplingParams>
  readonly onWarning?: WarningListener | undefined
  /** Default: sessions share no prompts. */
  readonly prefixCache?: PrefixCache | undefined
}

/** A loaded model: its numbers, its tokenizer, and sessions on it. It comes from `loadModel`. */
export class Model {
  /** What the file says of the model's shape. */
  readonly config: Config
  /** The file's tensors by block format, the largest share first. */
  readonly formats: readonly FormatShare[]
  /** The file's tokenizer, which can be used after `dispose()` too. */
  readonly tokenizer: Tokenizer
  /** The most positions of a session that does not ask for another number. */
  readonly contextLength: number
  /** The file's chat templates by name, the main one as `default`; none where the file has none. */
  readonly chatTemplates: ReadonlyMap<string, string>
  /** What the file's publisher recommends for sampling (`general.sampling.*`); empty where the file names nothing. */
  readonly recommendedSampling: Readonly<SamplingParams>
  /** What the sessions work with. They hold it too, so it lets go of the executable when the model is disposed. */
  readonly #host: ModelHost
  readonly #textBytes: ModelParts['textBytes']
  readonly #embeddings = new Set<Call>()
  #ended: Promise<void> | undefined

  private constructor({
    formats = [],
    chatTemplates = new Map(),
    recommendedSampling = {},
    ...parts
  }: ModelParts) {
    this.config = parts.config
    this.formats = formats
    this.tokenizer = parts.tokenizer
    this.contextLength = parts.contextLength
    this.chatTemplates = chatTemplates
    this.recommendedSampling = recommendedSampling
    this.#textBytes = parts.textBytes
    this.#host = new ModelHost(parts)
  }

  /** @internal Models come from `loadModel`. */
  static create(parts: ModelParts): Model {
    return new Model(parts)
  }

  /** `general.architecture` of the file. */
  get architecture(): string {
    return this.config.architecture
  }

  /**
   * `decoder`: it generates text, in sessions. `encoder`: its attention goes in both directions; it only embeds texts and, if
   * it is a reranker, scores them.
   */
  get kind(): 'decoder' | 'encoder' {
    return this.config.encoder ? 'encoder' : 'decoder'
  }

  /** Bytes of the engine's memory in use: weights, scratch and the memories of all sessions; 0 once it is disposed. */
  get memoryBytes(): number {
    return this.#host.running?.bytesInUse ?? 0
  }

  /** Limit of `memoryBytes`, see the option `memoryLimit`; 0 once it is disposed. */
  get memoryLimit(): number {
    return this.#host.running?.memoryLimit ?? 0
  }

  /**
   * Bytes that a session of `tokens` tokens takes at most, with an f16 cache, or a text of as many while it is embedded: for programs that
   * decide how many may run at the same time. Forks and prompts of the prefix cache share some of them. Throws `INVALID_ARGUMENT` for
   * anything but a count, `DISPOSED`.
   */
  sessionBytes(tokens: number): number {
    const { executable } = this.#host
    checkCount('tokens', tokens, 0, 2 ** 24)
    if (!this.#textBytes) return executable.sequenceBytes(tokens, 'f16')
    return tokens === 0 ? 0 : this.#textBytes(tokens)
  }

  /** Threads that share the work, see the option `threads`; 0 once it is disposed. */
  get threads(): number {
    return this.#host.running?.threads ?? 0
  }

  /** The build of the kernels that runs it: see the option `kernels`. */
  get kernels(): string {
    return this.#host.kernels
  }

  /** What the prefix cache holds and has saved; `undefined` if the model was loaded without one, see the option `prefixCache`. */
  get prefixCache(): PrefixCacheStats | undefined {
    return this.#host.prefixCache?.stats()
  }

  /** What all sessions of the model have computed since it was loaded: passes, tokens, drafts. For monitoring. */
  get counters(): ModelCounters {
    return this.#host.counters.read()
  }

  /** The ids of a text, with BOS (and EOS) where the file asks for it. Throws `INVALID_ARGUMENT` for anything but a string. */
  encode(text: string, options?: EncodeOptions): TokenId[] {
    return this.tokenizer.encode(text, options)
  }

  /**
   * The prompt for what stands in the gap of a text, if the model was trained to fill gaps (`tokenizer.infillTokens`). Throws
   * what `tokenizer.encodeInfill` throws.
   *
   * ```js
   * const prompt = model.encodeInfill({ prefix: 'function add(a, b) {\n', suffix: '\n}\n' })
   * const { text } = await session.generate(prompt, { maxTokens: 40 }).result()
   * ```
   */
  encodeInfill(parts: InfillParts, options?: EncodeInfillOptions): TokenId[] {
    return this.tokenizer.encodeInfill(parts, options)
  }

  /** The text of a whole sequence of ids. Throws `INVALID_ARGUMENT` for an id outside the vocabulary. */
  decode(ids: ArrayLike<TokenId>, options?: DecodeOptions): string {
    return this.tokenizer.decode(ids, options)
  }

  /** The text of one token on its own, a control token by its name. Throws `INVALID_ARGUMENT` as `decode` does. */
  piece(id: TokenId): string {
    return this.tokenizer.piece(id)
  }

  /**
   * A new, independent sequence. It takes memory only as tokens are evaluated, until its `dispose()`. Throws
   * `INVALID_ARGUMENT` for bad options, `UNSUPPORTED` for an encoder, and for a `kvType` or a context shift that the model's memory does not
   * have, `DISPOSED`, `ENGINE_LOST`.
   *
   * ```js
   * await using session = model.createSession({ seed: 7, contextLength: 512 })
   * ```
   */
  createSession(options: SessionOptions = {}): Session {
    this.#assertOpen()
    if (this.kind === 'encoder') throw cannotGenerate(this.architecture)
    return Session.create(this.#host, resolveSessionOptions(options, this.contextLength))
  }

  /**
   * Evaluates tokens of several sessions together, each as `session.eval(ids)` does and with the same bits. A pass reads the
   * weights once for all of its tokens, so several sessions take much less time than one after the other. Generations, chats
   * and evaluations that run at the same time share passes automatically; this is for callers with a loop of their own.
   *
   * ```js
   * const sessions = prompts.map(() => model.createSession())
   * await model.evalBatch(sessions.map((session, i) => ({ session, ids: model.encode(prompts[i]) })))
   * for (let n = 0; n < 20; n++) {
   *   await model.evalBatch(sessions.map((session) => ({ session, ids: [session.sample()] })))
   * }
   * ```
   *
   * Entries are checked before anything is evaluated, and the error names the entry. Rejects with `INVALID_ARGUMENT` if there
   * are none, for a session that is listed twice or belongs to another model, and for ids that are missing or outside the
   * vocabulary; with `DISPOSED`, `BUSY` or `CONTEXT_FULL` for a session. If an entry fails later, as `session.eval` does, the
   * others are evaluated nevertheless, and then this rejects with the first entry's failure. `signal` aborts all of them.
   */
  async evalBatch(entries: readonly BatchEntry[], options: { signal?: AbortSignal } = {}): Promise<void> {
    this.#assertOpen()
    await evalBatch(this.#host, entries, options)
  }

  /** @internal What `embed` works with, until it is disposed. Throws `DISPOSED`. */
  createEmbedder(signal: AbortSignal | undefined): Embedder {
    this.#assertOpen()
    const call: Call = new Call({ signal, onEnd: () => this.#embeddings.delete(call) })
    this.#embeddings.add(call)
    return new Embedder(this.#host, call)
  }

  /**
   * Ends all sessions, chats and embeddings, aborting what is running on them as `session.dispose()` does, then the threads,
   * and lets go of the memory. Resolves when all have ended. Idempotent. Whatever is called on the model afterwards is
   * refused with `DISPOSED`, except for its tokenizer.
   */
  dispose(): Promise<void> {
    this.#ended ??= this.#end()
    return this.#ended
  }

  /** `dispose()` at the end of a `using` scope, without waiting for it. */
  [Symbol.dispose](): void {
    void this.dispose()
  }

  /** `dispose()` at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  async #end(): Promise<void> {
    const running = [
      ...this.#host.sessions.dispose(),
      ...Array.from(this.#embeddings, (call) => call.interrupt(modelDisposed())),
    ]
    // Where nothing is running all of it ends at once.
    if (running.length > 0) await Promise.all(running)
    this.#host.prefixCache?.clear()
    await this.#host.dispose()
  }

  #assertOpen(): void {
    if (this.#ended) throw modelDisposed()
  }
}

function cannotGenerate(architecture: string): DasllamaError {
  return new DasllamaError(
    'UNSUPPORTED',
    `a model of architecture ${displayName(architecture)} is an encoder: it has no sessions and generates nothing`,
    { hint: 'call embed(model, texts) for vectors; rerank(model, query, documents) if it is a reranker' },
  )
}

/** A model's executable until it is disposed; from then on nothing leads to it. */
class ModelHost implements SessionHost {
  readonly identity: string
  readonly tokenizer: Tokenizer
  readonly vocabSize: number
  readonly kernels: string
  readonly sessions: SessionRegistry
  readonly scheduler: Scheduler
  readonly counters = new CounterMeter()
  readonly prefixCache: PrefixCache | undefined
  #executable: Executable | undefined

  constructor({ executable, identity, tokenizer, config, onWarning, prefixCache }: ModelParts) {
    this.identity = identity
    this.tokenizer = tokenizer
    this.vocabSize = config.vocabSize
    this.kernels = executable.kernels
    const evict = () => prefixCache?.evict() ?? false
    this.prefixCache = prefixCache
    this.sessions = new SessionRegistry(() => this.executable, { onWarning, evict })
    this.scheduler = new Scheduler({ engine: this.sessions, counters: this.counters })
    this.#executable = executable
  }

  get running(): Executable | undefined {
    return this.#executable
  }

  get executable(): Executable {
    if (this.#executable) return this.#executable
    throw modelDisposed()
  }

  /** Resolves when the threads have ended. */
  async dispose(): Promise<void> {
    const executable = this.#executable
    this.#executable = undefined
    await executable?.dispose()
  }
}
