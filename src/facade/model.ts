import type { Engine } from '../backend/wasm/engine.js'
import { KERNEL_BUILDS, type KernelBuild } from '../backend/wasm/kernels.js'
import { DasllamaError } from '../errors.js'
import type { Config } from '../model/config.js'
import type { Network } from '../model/network.js'
import type { SamplingParams } from '../sampling/params.js'
import { Embedder } from '../session/embedder.js'
import { busy } from '../session/failures.js'
import { Session, type SessionHost } from '../session/session.js'
import { SessionMemory } from '../session/session-memory.js'
import { resolveSessionOptions, type SessionOptions } from '../session/session-options.js'
import type { DecodeOptions, EncodeOptions, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { WarningListener } from '../warnings.js'

/** A loaded model: its numbers, its tokenizer, and sessions on it. */
export class Model {
  readonly config: Config
  readonly tokenizer: Tokenizer
  /** Positions of a session that does not ask for another number. */
  readonly contextLength: number
  /** The file's chat templates by name, the main one as `default`; none where the file has none. */
  readonly chatTemplates: ReadonlyMap<string, string>
  /** What the file's publisher recommends for sampling (`general.sampling.*`); empty where the file names nothing. */
  readonly recommendedSampling: Readonly<SamplingParams>
  /** What the sessions work with. They hold it too, so it lets go of the memory when the model is disposed. */
  readonly #host: ModelHost
  /** Those at work: none outlives its call of `embed`. */
  readonly #embedders = new Set<Embedder>()
  #ended: Promise<void> | undefined

  /** @internal Models come from `loadModel`. */
  constructor(
    network: Network,
    tokenizer: Tokenizer,
    contextLength: number,
    { chatTemplates = new Map(), recommendedSampling = {}, onWarning }: ModelSettings = {},
  ) {
    this.config = network.config
    this.tokenizer = tokenizer
    this.contextLength = contextLength
    this.chatTemplates = chatTemplates
    this.recommendedSampling = recommendedSampling
    this.#host = new ModelHost(network, tokenizer, onWarning)
  }

  get architecture(): string {
    return this.config.architecture
  }

  /** Bytes of WebAssembly memory in use: weights, scratch and the caches of all sessions. */
  get memoryBytes(): number {
    return this.#host.engine?.arena.bytesInUse ?? 0
  }

  /** Threads that share the work; see the option `threads`. */
  get threads(): number {
    return this.#host.engine?.team.size ?? 0
  }

  /** The build of the kernels that runs it; see the option `kernels`. */
  get kernels(): KernelBuild {
    return KERNEL_BUILDS[this.#host.engine?.kernels.build() ?? 0]
  }

  encode(text: string, options?: EncodeOptions): TokenId[] {
    return this.tokenizer.encode(text, options)
  }

  decode(ids: ArrayLike<TokenId>, options?: DecodeOptions): string {
    return this.tokenizer.decode(ids, options)
  }

  piece(id: TokenId): string {
    return this.tokenizer.piece(id)
  }

  /** A new, independent sequence. Throws `INVALID_ARGUMENT` for bad options, `UNSUPPORTED`, `OUT_OF_MEMORY`, `DISPOSED`. */
  createSession(options: SessionOptions = {}): Session {
    this.#host.assertOpen()
    return new Session(this.#host, resolveSessionOptions(options, this.config, this.contextLength))
  }

  /** @internal What `embed` works with; the model is busy until it is disposed. Throws `DISPOSED`. */
  createEmbedder(): Embedder {
    const { network, memory } = this.#host
    return new Embedder(network, memory, this.#embedders)
  }

  /**
   * Ends all sessions and threads and lets go of the memory; none of them while a session is running (`BUSY`). Idempotent.
   * `await model[Symbol.asyncDispose]()` resolves when the threads have ended.
   */
  dispose(): void {
    void this.#end()
  }

  /** Throws before anything ends; resolves when the threads have. */
  #end(): Promise<void> {
    if (this.#embedders.size > 0) {
      throw new DasllamaError('BUSY', 'the model is busy with embeddings', { hint: 'await them first' })
    }
    if (this.#host.memory.isBusy) throw busy()
    this.#ended ??= this.#host.dispose()
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
  }
}

/** What a model has beyond what runs. */
interface ModelSettings {
  readonly chatTemplates?: ReadonlyMap<string, string>
  readonly recommendedSampling?: Readonly<SamplingParams>
  readonly onWarning?: WarningListener | undefined
}

/** A model's network and memory until it is disposed; from then on nothing leads to them. */
class ModelHost implements SessionHost {
  readonly tokenizer: Tokenizer
  readonly memory: SessionMemory
  #network: Network | undefined

  constructor(network: Network, tokenizer: Tokenizer, onWarning: WarningListener | undefined) {
    this.tokenizer = tokenizer
    this.memory = new SessionMemory(network.engine.arena, onWarning)
    this.#network = network
  }

  /** Throws `DISPOSED`. */
  get network(): Network {
    if (this.#network) return this.#network
    throw new DasllamaError('DISPOSED', 'the model has been disposed')
  }

  get engine(): Engine | undefined {
    return this.#network?.engine
  }

  /** Throws `DISPOSED`. */
  assertOpen(): void {
    void this.network
  }

  /** Resolves when the threads have ended. */
  async dispose(): Promise<void> {
    const { engine } = this
    this.memory.dispose()
    this.#network = undefined
    await engine?.team.dismiss()
  }
}
