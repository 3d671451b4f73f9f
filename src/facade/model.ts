import { DasllamaError } from '../errors.js'
import type { Config } from '../model/config.js'
import type { Network } from '../model/network.js'
import type { SamplingParams } from '../sampling/params.js'
import { Embedder } from '../session/embedder.js'
import { busy } from '../session/failures.js'
import { Session } from '../session/session.js'
import { resolveSessionOptions, type SessionOptions } from '../session/session-options.js'
import type { DecodeOptions, EncodeOptions, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { KERNEL_BUILDS, type KernelBuild } from '../wasm/kernels.js'

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
  readonly #sessions = new Set<Session>()
  /** Those at work: none outlives its call of `embed`. */
  readonly #embedders = new Set<Embedder>()
  #network: Network | undefined

  /** @internal Models come from `loadModel`. */
  constructor(
    network: Network,
    tokenizer: Tokenizer,
    contextLength: number,
    chatTemplates: ReadonlyMap<string, string> = new Map(),
    recommendedSampling: Readonly<SamplingParams> = {},
  ) {
    this.config = network.config
    this.tokenizer = tokenizer
    this.contextLength = contextLength
    this.chatTemplates = chatTemplates
    this.recommendedSampling = recommendedSampling
    this.#network = network
  }

  get architecture(): string {
    return this.config.architecture
  }

  /** Bytes of WebAssembly memory in use: weights, scratch and the caches of all sessions. */
  get memoryBytes(): number {
    return this.#network?.engine.arena.bytesInUse ?? 0
  }

  /** Threads that share the work; see the option `threads`. */
  get threads(): number {
    return this.#network?.engine.team.size ?? 0
  }

  /** The build of the kernels that runs it; see the option `kernels`. */
  get kernels(): KernelBuild {
    return KERNEL_BUILDS[this.#network?.engine.kernels.build() ?? 0]
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
    if (!this.#network) throw new DasllamaError('DISPOSED', 'the model has been disposed')
    const host = { network: this.#network, tokenizer: this.tokenizer, sessions: this.#sessions }
    return new Session(host, resolveSessionOptions(options, this.config, this.contextLength))
  }

  /** @internal What `embed` works with; the model is busy until it is disposed. Throws `DISPOSED`. */
  createEmbedder(): Embedder {
    if (!this.#network) throw new DasllamaError('DISPOSED', 'the model has been disposed')
    return new Embedder(this.#network, this.#embedders)
  }

  /** Ends all sessions and lets go of the memory; none of them while one is running (`BUSY`). Harmless when repeated. */
  dispose(): void {
    if (this.#embedders.size > 0) {
      throw new DasllamaError('BUSY', 'the model is busy with embeddings', { hint: 'await them first' })
    }
    if ([...this.#sessions].some((session) => session.isBusy)) throw busy()
    for (const session of this.#sessions) session.dispose()
    this.#network?.engine.team.dismiss()
    this.#network = undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose()
  }
}
