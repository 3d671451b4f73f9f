import type { Executable } from '../backend/executable.js'
import type { KvType, SequenceMemory } from '../backend/memory.js'
import { checkCount, checkIds, checkOptions, checkSignal } from '../checks.js'
import type { SamplingParams } from '../sampling/params.js'
import { Rng, randomSeed } from '../sampling/rng.js'
import type { TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { Warning } from '../warnings.js'
import type { CounterMeter } from './counters.js'
import { Evaluator } from './evaluator.js'
import { cannotShift, emptyPrompt, nothingEvaluated } from './failures.js'
import { type GenerateOptions, resolveGenerateOptions } from './generate-options.js'
import { Generation } from './generation.js'
import { GenerationSteps, newSampler, pick } from './generation-steps.js'
import { compileFormat, states } from './lazy-modules.js'
import type { Lease } from './lease.js'
import type { PrefixCache } from './prefix-cache.js'
import type { Scheduler } from './scheduler.js'
import { TokenScores } from './score.js'
import { Sequence } from './sequence.js'
import type { ResolvedSessionOptions } from './session-options.js'
import type { SessionRegistry } from './session-registry.js'
import type { HeadHost } from './speculation/head-text.js'
import { SpeculationSlot } from './speculation/slot.js'
import type { StateOwner } from './state.js'
import { type SessionStats, StatsMeter } from './stats.js'
import type { ConstraintSource } from './token-constraint.js'

/** What the sessions of a model share. */
export interface SessionHost {
  /** Throws `DISPOSED`. */
  readonly executable: Executable
  /** The model's identity: saved states of other models are rejected. */
  readonly identity: string
  readonly tokenizer: Tokenizer
  readonly vocabSize: number
  readonly sessions: SessionRegistry
  readonly scheduler: Scheduler
  readonly counters: CounterMeter
  /** `undefined`: sessions share no prompts. */
  readonly prefixCache: PrefixCache | undefined
}

/**
 * One sequence of tokens on a model, with its position, memory, random number generator and statistics. Created by
 * `model.createSession`; `dispose()` (or `using`) releases its memory.
 *
 * Methods that need the engine are async, and one such call, or one generation, runs at a time. Meanwhile other calls fail
 * with `BUSY`, and so do `generate`, `sample` and `logits`; `dispose` aborts what is running. After `dispose` all of them
 * fail with `DISPOSED`.
 *
 * ```js
 * await session.eval(model.encode('Tom had a red'))
 * const id = session.sample({ temp: 0.8 })
 * await session.eval([id])
 * ```
 */
export class Session {
  /** The most tokens it can have. */
  readonly contextLength: number
  /** Element type of its cached keys and values. */
  readonly kvType: KvType
  readonly #host: SessionHost
  readonly #options: ResolvedSessionOptions
  readonly #memory: SequenceMemory
  readonly #evaluator: Evaluator
  readonly #lease: Lease
  readonly #stats: StatsMeter
  readonly #rng: Rng
  readonly #speculation: SpeculationSlot

  private constructor(
    host: SessionHost,
    options: ResolvedSessionOptions,
    memory: SequenceMemory,
    speculation?: SpeculationSlot,
  ) {
    const { scheduler, sessions, vocabSize, tokenizer, prefixCache } = host
    const { kvType, shiftKeep: retain = 0, prefixScope: scope } = options
    this.#host = host
    this.#options = options
    this.kvType = kvType
    this.contextLength = options.contextLength
    this.#rng = new Rng(options.seed === undefined ? randomSeed() : options.seed)
    this.#memory = memory
    this.#stats = new StatsMeter(now, host.counters)
    const slot =
      speculation ??
      new SpeculationSlot({
        ...{ tokenizer, vocabSize, warn: (warning) => sessions.warn(warning) },
        draftHead: headHost(host, kvType),
      })
    this.#speculation = slot
    this.#lease = sessions.lease(this, {
      get bytes() {
        return memory.bytes
      },
      dispose() {
        memory.dispose()
        slot.dispose()
      },
    })
    this.#evaluator = new Evaluator({
      scheduler,
      sessions,
      memory,
      vocabSize,
      options,
      stats: this.#stats,
      prefixes: scope === undefined ? undefined : prefixCache?.under({ kvType, retain, scope }),
    })
  }

  /** @internal Sessions come from `model.createSession`. Throws `INVALID_ARGUMENT`, `UNSUPPORTED`, `DISPOSED`. */
  static create(host: SessionHost, options: ResolvedSessionOptions): Session {
    const { kvType, shiftKeep } = options
    const memory = host.executable.createMemory(kvType, { retain: shiftKeep ?? 0 })
    try {
      if (shiftKeep !== undefined && !memory.canShift) throw cannotShift()
      return new Session(host, options, memory)
    } catch (error) {
      memory.dispose()
      throw error
    }
  }

  /** @internal */
  static isSession(value: unknown): value is Session {
    return typeof value === 'object' && value !== null && #host in value
  }

  /** @internal The memory, for `model.evalBatch`; `undefined` if the session belongs to another model. */
  memoryIn(host: SessionHost): SequenceMemory | undefined {
    return this.#host === host ? this.#memory : undefined
  }

  /** @internal Throws if `eval` would reject before it evaluates any of `count` tokens: `DISPOSED`, `BUSY`, `CONTEXT_FULL`. */
  assertCanEval(count: number): void {
    this.#lease.assertFree()
    this.#evaluator.assertFits(count)
  }

  /** The current seed: given, set, or random. The same seed, prompt and parameters give the same tokens. */
  get seed(): number {
    return this.#rng.seed
  }

  /** Whether a call or a generation is running on it; others then fail with `BUSY`. */
  get isBusy(): boolean {
    return this.#lease.isBusy
  }

  /** Whether `dispose` has been called. */
  get isDisposed(): boolean {
    return this.#lease.isDisposed
  }

  /** Tokens evaluated so far, which is the position of the next one. */
  get position(): number {
    return this.#evaluator.sequence.position
  }

  /** The evaluated tokens, as a copy. The last one of a generation is evaluated only when the session goes on. */
  get ids(): TokenId[] {
    return [...this.#evaluator.sequence.state.ids]
  }

  /** Restarts the random number generator from `seed`, 0 to 2^53 − 1. Throws `INVALID_ARGUMENT` for anything else. */
  setSeed(seed: number): void {
    this.#rng.reseed(seed)
  }

  /** Drops all tokens. Seed and RNG state stay. */
  reset(): Promise<void> {
    return this.#run({}, async () => {
      await this.#evaluator.cut(0)
      this.#evaluator.sequence.forgetChoices()
    })
  }

  /**
   * Drops the last `count` tokens, including the last one of a generation, which is not evaluated yet. So
   * `rewind(generation.ids.length)` undoes a generation. Afterwards there are no logits until something is evaluated;
   * `generate()` does that itself. Rejects with `INVALID_ARGUMENT` for more tokens than there are.
   */
  rewind(count: number): Promise<void> {
    return this.#run({}, async () => {
      const { length } = this.#evaluator.sequence
      await this.#evaluator.cut(length - checkCount('count', count, 0, length))
    })
  }

  /**
   * A new session that continues from here independently, with the same RNG state. Both share what is cached; each
   * allocates memory only for what it appends. Its statistics start at 0. Rejects with `OUT_OF_MEMORY`.
   */
  fork(): Promise<Session> {
    return this.#run({}, async (signal) => {
      const drafts = await this.#speculation.fork()
      const memory = await this.#host.sessions
        .attempt(() => this.#memory.fork())
        .catch((error) => {
          drafts.dispose()
          throw error
        })
      if (signal.aborted) {
        memory.dispose()
        drafts.dispose()
        throw signal.reason
      }
      const fork = new Session(this.#host, { ...this.#options, seed: this.seed }, memory, drafts)
      fork.#rng.restore(this.seed, this.#rng.save())
      const { sequence, logits } = this.#evaluator
      fork.#evaluator.restore(sequence.clone(), logits)
      return fork
    })
  }

  /**
   * The session as bytes: tokens, memory, logits, seed and RNG state, for `restore` in any runtime. Session options and
   * statistics are not included.
   */
  save(): Promise<Uint8Array> {
    return this.#run({}, async (signal) => {
      const { encodeState } = await states.load()
      const state = {
        sequence: this.#evaluator.sequence.state,
        seed: this.seed,
        random: this.#rng.save(),
        logits: this.#evaluator.logits,
        held: this.#memory.length,
        records: await this.#memory.save(),
      }
      return encodeState(state, this.#owner(), signal)
    })
  }

  /**
   * Replaces this session's state by a saved one. A failure leaves the session unchanged: `BAD_FORMAT` for bytes that are
   * not a state or are damaged, `TRUNCATED`, `UNSUPPORTED` for another version of the format, `MISMATCH` for another model
   * or cache type, `CONTEXT_FULL` for more tokens than this session can have, `OUT_OF_MEMORY`.
   */
  restore(state: Uint8Array): Promise<void> {
    return this.#run({}, async (signal) => {
      const { decodeState } = await states.load()
      const saved = await decodeState(state, this.#owner(), signal)
      const { sequence, seed, random, logits, held, records } = saved
      this.#evaluator.assertRoom(sequence.ids.length, 0)
      const promptEnd = sequence.phases.lastIndexOf('prefill', held - 1) + 1
      await this.#host.sessions.attempt(() => this.#memory.restore(records, { length: held, promptEnd }))
      this.#evaluator.restore(new Sequence(sequence), logits)
      this.#rng.restore(seed, random)
    })
  }

  /**
   * Appends `ids` and computes the logits after the last one, in batches of at most 128 tokens, which it shares with other
   * sessions that run at the same time. `signal` is checked whenever the event loop runs, several times within a long batch;
   * an abort rejects with its reason and keeps the batches done so far. Rejects with `INVALID_ARGUMENT` for an id outside the
   * vocabulary or no ids, with `CONTEXT_FULL` before evaluating anything if they do not fit, and with `OUT_OF_MEMORY`, which
   * leaves the session unchanged.
   */
  async eval(ids: ArrayLike<TokenId>, options: { signal?: AbortSignal } = {}): Promise<void> {
    const checked = checkIds(ids, this.#host.vocabSize)
    checkOptions(options)
    checkSignal(options.signal)
    await this.#run(options, (signal) => this.#evaluator.append(checked, signal))
  }

  /**
   * Appends `ids` as `eval` does and resolves with the log-probability (natural logarithm) of each. It is NaN for ids before
   * index `from` (default 0), whose scores then cost nothing, and for the first id if nothing was evaluated before it.
   * Never shifts the context. Rejects as `eval` does.
   */
  async score(
    ids: ArrayLike<TokenId>,
    options: { from?: number; signal?: AbortSignal } = {},
  ): Promise<Float64Array> {
    const checked = checkIds(ids, this.#host.vocabSize)
    checkOptions(options)
    const { from = 0 } = options
    checkSignal(options.signal)
    const scores = new TokenScores(checked, checkCount('from', from, 0, checked.length))
    await this.#run(options, (signal) => this.#evaluator.score(checked, scores, signal))
    return scores.values
  }

  /**
   * Samples a token from the logits of the last evaluated one; penalties apply to it from then on. The token is not
   * evaluated: pass it to `eval` to continue. Throws `INVALID_ARGUMENT` if nothing has been evaluated.
   */
  sample(params: SamplingParams = {}): TokenId {
    this.#lease.assertFree()
    const sampler = newSampler(this.#parts(), params)
    const since = now()
    const id = pick(sampler, this.#evaluator)
    this.#evaluator.sequence.choose(id, { isPending: false })
    this.#stats.sampled(since)
    return id
  }

  /** The logits after the last evaluated token, f32[vocabSize], as a copy. */
  logits(): Float32Array {
    this.#lease.assertFree()
    return this.#evaluator.requireLogits().slice()
  }

  /**
   * Replaces the session's tokens by `prompt` (text, or ids, which are used unchanged) and generates from it. A cached prefix
   * is not evaluated again, see `GenerateOptions.reuse`. Without a prompt it continues after what has been evaluated and
   * generated. Nothing runs before the first token, or the result, is requested.
   *
   * ```js
   * for await (const { piece } of session.generate('Once upon a time', { temp: 0.8 })) process.stdout.write(piece)
   * const { text, stopReason } = await session.generate('One day', { maxTokens: 20 }).result()
   * ```
   *
   * Throws `INVALID_ARGUMENT` for bad parameters, a prompt without tokens, or no prompt where nothing has been evaluated;
   * `CONTEXT_FULL` for one that is too long; `BUSY`, `DISPOSED`. A schema or grammar that cannot be used rejects the first token,
   * and the result, with `INVALID_ARGUMENT`, `UNSUPPORTED` or `LIMIT`, before anything is evaluated.
   */
  generate(prompt?: string | ArrayLike<TokenId>, options: GenerateOptions = {}): Generation {
    return this.generateWithin(undefined, prompt, options)
  }

  /** @internal The same, restricted by a constraint instead of `responseFormat`. */
  generateWithin(
    constraint: ConstraintSource | undefined,
    prompt?: string | ArrayLike<TokenId>,
    options: GenerateOptions = {},
  ): Generation {
    this.#lease.assertFree()
    const { tokenizer, vocabSize } = this.#host
    const promptIds = prompt === undefined ? [] : this.#promptIds(prompt)
    if (prompt === undefined && this.position === 0) throw nothingEvaluated()
    const resolved = resolveGenerateOptions(options, vocabSize)
    const steps = new GenerationSteps(this.#parts(), promptIds, resolved)
    return Generation.create({ promptIds, tokenizer, options: resolved, steps, constraint })
  }

  /** @internal Passes a warning on to the model's `onWarning`. */
  warn(warning: Warning): void {
    this.#host.sessions.warn(warning)
  }

  /** @internal Rejects for a `responseFormat` that `generate` could not use. */
  async checkFormat(options: GenerateOptions): Promise<void> {
    await compileFormat(this.#host.tokenizer, options)
  }

  /**
   * Length of the prefix of `prompt` that is cached, so that `generate(prompt, { reuse })` does not evaluate it. Throws
   * `INVALID_ARGUMENT` for anything but ids of the vocabulary, `DISPOSED`.
   */
  cachedPrefixLength(prompt: ArrayLike<TokenId>, reuse: 'exact' | 'all' = 'exact'): number {
    this.#lease.assertOpen()
    return this.#evaluator.cached(checkIds(prompt, this.#host.vocabSize), reuse)
  }

  /** Cost of the latest generation, or of what was evaluated since the start. */
  stats(): SessionStats {
    return this.#stats.read()
  }

  /**
   * Releases the session's memory, at once if no call is running. A running call is aborted first (`eval` and the like
   * reject with `DISPOSED`, a generation ends with `stopReason` `abort`), and the promise resolves when it has ended.
   * Idempotent. A session that is dropped without it releases its memory when it is garbage-collected, with the warning
   * `NOT_DISPOSED`.
   */
  dispose(): Promise<void> {
    return this.#lease.dispose()
  }

  /** `dispose()` at the end of a `using` scope, without waiting for it. */
  [Symbol.dispose](): void {
    void this.dispose()
  }

  /** `dispose()` at the end of an `await using` scope. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose()
  }

  #promptIds(prompt: string | ArrayLike<TokenId>): TokenId[] {
    const ids =
      typeof prompt === 'string'
        ? this.#host.tokenizer.encode(prompt)
        : checkIds(prompt, this.#host.vocabSize)
    if (ids.length === 0) throw emptyPrompt()
    this.#evaluator.assertRoom(ids.length, 0)
    return ids
  }

  /** The parts that a generation uses. */
  #parts() {
    return {
      owner: this,
      lease: this.#lease,
      memory: this.#memory,
      evaluator: this.#evaluator,
      rng: this.#rng,
      stats: this.#stats,
      speculation: this.#speculation,
      endOfGeneration: this.#host.tokenizer.endOfGeneration,
      suppressedIds: this.#host.tokenizer.suppressedIds,
    }
  }

  /** What a state must match to be restored here. */
  #owner(): StateOwner {
    const { identity, vocabSize } = this.#host
    return { identity, kvType: this.kvType, vocabSize }
  }

  /** Runs `work` as the session's only call. Rejects with `DISPOSED`, `BUSY`, and what `work` rejects with. */
  async #run<T>(
    { signal }: { readonly signal?: AbortSignal | undefined },
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const call = this.#lease.begin({ signal })
    try {
      return await work(call.signal)
    } finally {
      call.end()
    }
  }
}

/** What drafts by the model's own head need; `undefined` if it has not been loaded. */
function headHost(host: SessionHost, kvType: KvType): HeadHost | undefined {
  if (!host.executable.draftHead) return undefined
  return {
    head: () => host.executable.draftHead!,
    kvType,
    attempt: (work) => host.sessions.attempt(work),
  }
}

function now(): number {
  return performance.now()
}
