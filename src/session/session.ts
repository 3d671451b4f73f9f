import type { KvType } from '../model/kv-cache.js'
import type { Network } from '../model/network.js'
import { logprobsOfLogits } from '../sampling/logprobs.js'
import type { SamplingParams } from '../sampling/params.js'
import { Rng, randomSeed } from '../sampling/rng.js'
import { createSampler, type Sampler } from '../sampling/sampler.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import { checkCount, checkIds, checkOptions, checkSignal } from './checks.js'
import { Evaluator } from './evaluator.js'
import { busy, disposed, emptyPrompt, nothingEvaluated } from './failures.js'
import type { GenerateOptions } from './generate-options.js'
import { Generation } from './generation.js'
import { SessionKvCache } from './kv-cache.js'
import { TokenScores } from './score.js'
import { Sequence } from './sequence.js'
import type { Lease, SessionMemory } from './session-memory.js'
import type { ResolvedSessionOptions } from './session-options.js'
import { decodeState, encodeState, type StateOwner } from './state.js'
import { type SessionStats, StatsMeter } from './stats.js'

/** What all sessions of a model share. */
export interface SessionHost {
  readonly network: Network
  readonly tokenizer: Tokenizer
  readonly memory: SessionMemory
}

/** One sequence of tokens on a model: its position, cache, random numbers and statistics. */
export class Session {
  readonly contextLength: number
  readonly kvType: KvType
  readonly #host: SessionHost
  readonly #options: ResolvedSessionOptions
  readonly #cache: SessionKvCache
  readonly #evaluator: Evaluator
  readonly #lease: Lease
  readonly #stats = new StatsMeter(now)
  readonly #rng: Rng

  /** @internal Sessions come from `model.createSession`. */
  constructor(host: SessionHost, options: ResolvedSessionOptions, cache?: SessionKvCache) {
    const { config } = host.network
    this.#host = host
    this.#options = options
    this.kvType = options.kvType
    this.contextLength = options.contextLength
    this.#rng = new Rng(options.seed === undefined ? randomSeed() : options.seed)
    this.#cache = cache ?? new SessionKvCache(host.memory, config, options.contextLength, options.kvType)
    this.#lease = host.memory.lease(this, this.#cache)
    this.#evaluator = new Evaluator(host.network, this.#cache, options, this.#stats)
  }

  /** The seed in force: given, set, or chosen at random. The same seed, prompt and parameters give the same tokens. */
  get seed(): number {
    return this.#rng.seed
  }

  /** Whether a call on it is running: then every other one throws `BUSY`. */
  get isBusy(): boolean {
    return this.#lease.isBusy
  }

  /** Tokens evaluated so far, which is the position of the next one. */
  get position(): number {
    return this.#evaluator.sequence.position
  }

  /** The evaluated tokens, as a copy. The last one of a generation is evaluated only when the session goes on. */
  get ids(): TokenId[] {
    return [...this.#evaluator.sequence.state.ids]
  }

  /** Starts the random numbers anew from `seed`. */
  setSeed(seed: number): void {
    this.#rng.reseed(seed)
  }

  /** Forgets all tokens; seed and random numbers go on where they are. */
  reset(): void {
    this.#assertFree()
    this.#evaluator.cut(0)
    this.#evaluator.sequence.forgetChoices()
  }

  /**
   * Forgets the last `count` tokens, the one that a generation has left unevaluated among them: so
   * `rewind(generation.ids.length)` takes a generation back. Then there are no logits until something is evaluated;
   * `generate()` sees to that by itself. Throws `INVALID_ARGUMENT` for more tokens than there are.
   */
  rewind(count: number): void {
    this.#assertFree()
    const { length } = this.#evaluator.sequence
    this.#evaluator.cut(length - checkCount('count', count, 0, length))
  }

  /**
   * A session that goes on from here by itself, with the same random numbers ahead. What is cached stays common to
   * both until one of them evaluates something; then that one takes memory of its own. Statistics begin anew.
   */
  fork(): Session {
    this.#assertFree()
    const fork = new Session(this.#host, { ...this.#options, seed: this.seed }, this.#cache.fork())
    fork.#rng.restore(this.seed, this.#rng.save())
    const { sequence, logits } = this.#evaluator
    fork.#evaluator.restore(sequence.clone(), logits)
    return fork
  }

  /**
   * The session as bytes: tokens, cache, logits, seed and random numbers, for `restore` in any runtime. Options of the
   * session and statistics are not in it.
   */
  save(): Uint8Array {
    this.#assertFree()
    const state = {
      sequence: this.#evaluator.sequence.state,
      seed: this.seed,
      random: this.#rng.save(),
      logits: this.#evaluator.logits,
    }
    return encodeState(state, this.#owner(), (target) => this.#cache.read(this.position, target))
  }

  /**
   * Takes the place of the session that was saved. A failure leaves this one as it was: `BAD_FORMAT` for bytes that are
   * no state or are damaged, `TRUNCATED`, `UNSUPPORTED` for a newer format, `MISMATCH` for another model or cache
   * type, `CONTEXT_FULL` for more tokens than this session has room for, `OUT_OF_MEMORY`.
   */
  restore(state: Uint8Array): void {
    this.#assertFree()
    const { sequence, seed, random, logits, cache } = decodeState(state, this.#owner())
    this.#evaluator.assertRoom(sequence.ids.length, 0)
    this.#cache.write(sequence.ids.length, cache)
    this.#evaluator.restore(new Sequence(sequence), logits)
    this.#rng.restore(seed, random)
  }

  /**
   * Appends `ids` and computes the logits after the last one, in batches of at most 128 tokens. `signal` is checked
   * whenever the event loop runs, several times within a long batch; rejects then with its reason, and the batches done so
   * far stay. Throws `INVALID_ARGUMENT` for an id outside the vocabulary or no ids at all, `CONTEXT_FULL` (before
   * evaluating anything) when they do not fit.
   */
  async eval(ids: ArrayLike<TokenId>, options: { signal?: AbortSignal } = {}): Promise<void> {
    const checked = checkIds(ids, this.#host.network.config.vocabSize)
    checkOptions(options)
    checkSignal(options.signal)
    const release = this.#acquire()
    try {
      const { pending } = this.#evaluator.sequence
      await this.#evaluator.append(pending === undefined ? checked : [pending, ...checked], options.signal)
    } finally {
      release()
    }
  }

  /**
   * Appends `ids` as `eval` does and finds how probable the model thought each of them: natural logarithms, as many as
   * there are ids. NaN stands for ids before number `from` (default 0), whose cost is then saved, and for the first one
   * where nothing has been evaluated before. Never shifts the context. Throws what `eval` throws.
   */
  async score(
    ids: ArrayLike<TokenId>,
    options: { from?: number; signal?: AbortSignal } = {},
  ): Promise<Float64Array> {
    const checked = checkIds(ids, this.#host.network.config.vocabSize)
    checkOptions(options)
    const { from = 0, signal } = options
    checkSignal(signal)
    const scores = new TokenScores(checked, checkCount('from', from, 0, checked.length))
    const release = this.#acquire()
    try {
      await this.#evaluator.score(checked, scores, signal)
      return scores.values
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
    const sampler = this.#sampler(params)
    const since = now()
    const id = this.#pick(sampler)
    this.#evaluator.sequence.choose(id, false)
    this.#stats.sampled(since)
    return id
  }

  /** The logits after the last evaluated token, f32[vocabSize], as a copy. */
  logits(): Float32Array {
    this.#assertFree()
    return this.#evaluator.requireLogits().slice()
  }

  /**
   * Starts over with `prompt` (text, or ids that are taken as they are) and generates from it; tokens that the session
   * has at its beginning already are not evaluated again, see `GenerateOptions.reuse`. Without a prompt it goes on
   * after what has been evaluated and generated. Nothing runs before the first token is asked for.
   * Throws `INVALID_ARGUMENT` for bad parameters or a prompt without tokens, `CONTEXT_FULL` for one that is too long.
   */
  generate(prompt?: string | ArrayLike<TokenId>, options: GenerateOptions = {}): Generation {
    this.#assertFree()
    const promptIds = prompt === undefined ? [] : this.#promptIds(prompt)
    if (prompt === undefined && this.position === 0) throw nothingEvaluated()
    let since = 0
    return new Generation(promptIds, this.#host.tokenizer, options, {
      vocabSize: this.#host.network.config.vocabSize,
      begin: () => this.#acquire(),
      prefill: async (signal, reuse) => {
        this.#stats.start()
        if (prompt === undefined) await this.#evaluator.resume(signal)
        else await this.#evaluator.startOver(promptIds, reuse, signal)
      },
      sampler: (params) => this.#sampler(params),
      choose: (sampler, allowed) => {
        since = now()
        return this.#pick(sampler, allowed)
      },
      logprobs: (sampler, id, count) => ({
        before: logprobsOfLogits(this.#evaluator.requireLogits(), id, count),
        after: sampler.logprobs(count),
      }),
      accept: (id) => {
        this.#evaluator.sequence.choose(id, true)
        this.#stats.sampled(since)
      },
      advance: (id, signal) => this.#evaluator.advance(id, signal),
      randomState: () => this.#rng.save(),
      takeBack: (count, randomState) => {
        this.#evaluator.cut(Math.max(0, this.#evaluator.sequence.length - count))
        this.#rng.restore(this.seed, randomState)
        this.#stats.takenBack(count)
      },
    })
  }

  /**
   * How many tokens of `prompt` a `generate(prompt, { reuse })` would not evaluate, for the session has them already.
   * Throws `INVALID_ARGUMENT` for what are no ids of the vocabulary.
   */
  reusable(prompt: ArrayLike<TokenId>, reuse: 'exact' | 'all' = 'exact'): number {
    const ids = checkIds(prompt, this.#host.network.config.vocabSize)
    return this.#evaluator.shared(ids, reuse)
  }

  /** What the latest generation, or what was evaluated since the start, has cost. */
  stats(): SessionStats {
    return this.#stats.read()
  }

  /**
   * Gives the cache's memory back. Idempotent. A session that is forgotten gives it back when it is collected as garbage,
   * with the warning `NOT_DISPOSED`.
   */
  dispose(): void {
    if (this.#lease.isDisposed) return
    if (this.#lease.isBusy) throw busy()
    this.#host.memory.release(this.#lease)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #promptIds(prompt: string | ArrayLike<TokenId>): TokenId[] {
    const ids =
      typeof prompt === 'string'
        ? this.#host.tokenizer.encode(prompt)
        : checkIds(prompt, this.#host.network.config.vocabSize)
    if (ids.length === 0) throw emptyPrompt()
    this.#evaluator.assertRoom(ids.length, 0)
    return ids
  }

  /** A sampler that draws from the session's random numbers. */
  #sampler(params: SamplingParams): Sampler {
    const { endOfGeneration } = this.#host.tokenizer
    return createSampler(params, { rng: this.#rng, endOfGeneration, areChecked: true })
  }

  #pick(sampler: Sampler, allowed?: Uint32Array): TokenId {
    const { sequence } = this.#evaluator
    return sampler.pick(this.#evaluator.requireLogits(), sequence.recent, allowed)
  }

  /** What a state must fit to be this session's. */
  #owner(): StateOwner {
    const { config, identity } = this.#host.network
    return {
      identity,
      kvType: this.kvType,
      vocabSize: config.vocabSize,
      contentBytes: (rows) => this.#cache.contentBytes(rows),
    }
  }

  /** Takes the session for one call; the function returned gives it free again. */
  #acquire(): () => void {
    this.#assertFree()
    this.#lease.isBusy = true
    return () => {
      this.#lease.isBusy = false
    }
  }

  #assertFree(): void {
    if (this.#lease.isDisposed) throw disposed()
    if (this.#lease.isBusy) throw busy()
  }
}

function now(): number {
  return performance.now()
}
