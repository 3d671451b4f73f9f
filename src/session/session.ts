import { DasllamaError } from '../errors.js'
import type { KvType } from '../model/kv-cache.js'
import { MAX_BATCH, type Network } from '../model/network.js'
import { pause } from '../platform/pause.js'
import type { SamplingParams } from '../sampling/params.js'
import { Rng, randomSeed } from '../sampling/rng.js'
import { createSampler, type Sampler } from '../sampling/sampler.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { checkIds, checkOptions, checkSignal } from './checks.js'
import { type GenerateOptions, Generation } from './generation.js'
import { SessionKvCache } from './kv-cache.js'
import { type SessionStats, StatsMeter } from './stats.js'

export interface SessionOptions {
  /** Seed of the session's random numbers, 0 to 2^53 − 1. Default: a random one; `session.seed` tells it. */
  seed?: number
  /** Element type of cached keys and values. Default `f16`. */
  kvType?: KvType
  /** Positions that there is room for. Default: the model's `contextLength`. */
  contextLength?: number
}

/** One sequence of tokens on a model: its position, cache, random numbers and statistics. */
export class Session {
  readonly contextLength: number
  readonly kvType: KvType
  readonly #network: Network
  readonly #tokenizer: Tokenizer
  readonly #cache: SessionKvCache
  readonly #stats: StatsMeter
  readonly #onDispose: (session: Session) => void
  readonly #rng: Rng
  #position = 0
  /** Generated tokens, which the penalty looks at. */
  #recent: TokenId[] = []
  /** Chosen by the latest `generate` and not evaluated yet. */
  #pending: TokenId | undefined
  /** A copy, for the network's own logits belong to whichever session ran last. */
  readonly #logits: Float32Array
  #hasLogits = false
  #busy = false
  #disposed = false

  /** @internal Sessions come from `model.createSession`. */
  constructor(
    network: Network,
    tokenizer: Tokenizer,
    options: Required<Omit<SessionOptions, 'seed'>> & { seed?: number },
    onDispose: (session: Session) => void,
  ) {
    this.#network = network
    this.#tokenizer = tokenizer
    this.#rng = new Rng(options.seed === undefined ? randomSeed() : options.seed)
    this.kvType = options.kvType
    this.contextLength = options.contextLength
    this.#cache = new SessionKvCache(
      network.engine.arena,
      network.config,
      options.contextLength,
      options.kvType,
    )
    this.#logits = new Float32Array(network.config.vocabSize)
    this.#stats = new StatsMeter(now)
    this.#onDispose = onDispose
  }

  /** The seed in force: given, set, or chosen at random. The same seed, prompt and parameters give the same tokens. */
  get seed(): number {
    return this.#rng.seed
  }

  /** Tokens evaluated so far, which is the position of the next one. */
  get position(): number {
    return this.#position
  }

  /** Starts the random numbers anew from `seed`. */
  setSeed(seed: number): void {
    this.#rng.reseed(seed)
  }

  /** Forgets all tokens; seed and random numbers go on where they are. */
  reset(): void {
    this.#assertFree()
    this.#clear()
  }

  /**
   * Appends `ids` and computes the logits after the last one, in batches of at most 64 tokens between which `signal`
   * is heard; rejects then with its reason, and the batches done so far stay. Throws `INVALID_ARGUMENT` for an id
   * outside the vocabulary or no ids at all, `CONTEXT_FULL` (before evaluating anything) when they do not fit.
   */
  async eval(ids: ArrayLike<TokenId>, options: { signal?: AbortSignal } = {}): Promise<void> {
    const checked = checkIds(ids, this.#network.config.vocabSize)
    checkOptions(options)
    checkSignal(options.signal)
    const release = this.#acquire()
    try {
      await this.#evaluate(this.#withPending(checked), options.signal, false)
    } finally {
      release()
    }
  }

  /**
   * Chooses a token from the logits of the last evaluated one and adds it to what the penalty looks at. The token is
   * not evaluated: pass it to `eval` to go on. Throws `INVALID_ARGUMENT` when nothing has been evaluated.
   */
  sample(params: SamplingParams = {}): TokenId {
    this.#assertFree()
    return this.#choose(this.#sampler(params))
  }

  /** The logits after the last evaluated token, f32[vocabSize], as a copy. */
  logits(): Float32Array {
    this.#assertFree()
    this.#assertLogits()
    return this.#logits.slice()
  }

  /**
   * Starts over with `prompt` (text, or ids that are taken as they are) and generates from it; without a prompt it
   * goes on after what has been evaluated and generated. Nothing runs before the first token is asked for.
   * Throws `INVALID_ARGUMENT` for bad parameters or a prompt without tokens, `CONTEXT_FULL` for one that is too long.
   */
  generate(prompt?: string | ArrayLike<TokenId>, options: GenerateOptions = {}): Generation {
    this.#assertFree()
    const promptIds = prompt === undefined ? [] : this.#promptIds(prompt)
    if (prompt === undefined && !this.#hasLogits) throw nothingEvaluated()
    return new Generation(promptIds, this.#tokenizer, options, {
      begin: () => this.#acquire(),
      prefill: async (signal) => {
        this.#stats.start()
        if (prompt === undefined) return this.#evaluatePending()
        this.#clear()
        await this.#evaluate(promptIds, signal, false)
      },
      sampler: (params) => this.#sampler(params),
      choose: (sampler) => this.#choose(sampler),
      advance: (id) => this.#advance(id),
      leave: (id) => {
        this.#pending = id
      },
    })
  }

  /** What the latest generation, or what was evaluated since the start, has cost. */
  stats(): SessionStats {
    return this.#stats.read()
  }

  /** Gives the cache's memory back. Harmless when repeated. */
  dispose(): void {
    if (this.#disposed) return
    if (this.#busy) throw busy()
    this.#disposed = true
    this.#cache.dispose()
    this.#onDispose(this)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #promptIds(prompt: string | ArrayLike<TokenId>): TokenId[] {
    const ids =
      typeof prompt === 'string'
        ? this.#tokenizer.encode(prompt)
        : checkIds(prompt, this.#network.config.vocabSize)
    if (ids.length === 0) {
      throw new DasllamaError('INVALID_ARGUMENT', 'the prompt has no tokens', {
        hint: 'this model has no BOS token to begin with: give it some text',
      })
    }
    this.#assertRoom(ids.length, 0)
    return ids
  }

  /** Runs `ids` through the network in batches. */
  async #evaluate(
    ids: readonly TokenId[],
    signal: AbortSignal | undefined,
    isDecode: boolean,
  ): Promise<void> {
    this.#assertRoom(ids.length, this.#position)
    for (let first = 0; first < ids.length; first += MAX_BATCH) {
      if (first > 0) await pause()
      signal?.throwIfAborted()
      this.#run(ids.slice(first, first + MAX_BATCH), first + MAX_BATCH >= ids.length, isDecode)
    }
  }

  /** One batch; synchronous, so that no other session comes between it and its logits. */
  #run(batch: readonly TokenId[], isLast: boolean, isDecode: boolean): void {
    const since = now()
    this.#hasLogits = false
    this.#pending = undefined
    this.#network.forward(this.#cache, batch, this.#position, isLast)
    this.#position += batch.length
    if (isLast) {
      this.#logits.set(this.#network.logits())
      this.#hasLogits = true
    }
    this.#stats.evaluated(batch.length, since, isDecode)
  }

  /** A sampler that draws from the session's random numbers. */
  #sampler(params: SamplingParams): Sampler {
    return createSampler(params, { rng: this.#rng, endOfGeneration: this.#tokenizer.endOfGeneration })
  }

  #choose(sampler: Sampler): TokenId {
    this.#assertLogits()
    const since = now()
    const id = sampler.pick(this.#logits, this.#recent)
    this.#recent.push(id)
    this.#stats.sampled(since)
    return id
  }

  /** Evaluates a generated token; false when the context is full. */
  #advance(id: TokenId): boolean {
    if (this.#position >= this.contextLength) return false
    this.#run([id], true, true)
    return true
  }

  async #evaluatePending(): Promise<void> {
    if (this.#pending !== undefined) await this.#evaluate([this.#pending], undefined, false)
  }

  #withPending(ids: TokenId[]): TokenId[] {
    return this.#pending === undefined ? ids : [this.#pending, ...ids]
  }

  #clear(): void {
    this.#position = 0
    this.#recent = []
    this.#pending = undefined
    this.#hasLogits = false
  }

  /** Takes the session for one call; the function returned gives it free again. */
  #acquire(): () => void {
    this.#assertFree()
    this.#busy = true
    return () => {
      this.#busy = false
    }
  }

  #assertFree(): void {
    if (this.#disposed) throw new DasllamaError('DISPOSED', 'the session has been disposed')
    if (this.#busy) throw busy()
  }

  #assertLogits(): void {
    if (!this.#hasLogits) throw nothingEvaluated()
  }

  #assertRoom(count: number, position: number): void {
    if (position + count <= this.contextLength) return
    throw new DasllamaError(
      'CONTEXT_FULL',
      `${count} tokens do not fit: ${position} of ${this.contextLength} positions are taken`,
      { hint: 'shorten the prompt, or create the session with a larger contextLength' },
    )
  }
}

function now(): number {
  return performance.now()
}

function busy(): DasllamaError {
  return new DasllamaError('BUSY', 'the session is busy with another call', {
    hint: 'await it first, or create a second session: a model can have many',
  })
}

function nothingEvaluated(): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', 'there are no logits yet: nothing has been evaluated')
}
