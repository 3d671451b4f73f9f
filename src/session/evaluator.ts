import { type Phase, phaseOf } from '../backend/batch.js'
import { reachableLength, type SequenceMemory } from '../backend/memory.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import { tokensToDrop } from './context-shift.js'
import { contextFull, isOf, isOutOfMemory, nothingEvaluated } from './failures.js'
import type { SharedPrefixes } from './prefix-cache.js'
import type { Scheduler } from './scheduler.js'
import type { TokenScores } from './score.js'
import { Sequence } from './sequence.js'
import type { ResolvedSessionOptions } from './session-options.js'
import type { SessionRegistry } from './session-registry.js'
import type { StatsMeter } from './stats.js'

/** What an `Evaluator` is made of. */
export interface EvaluatorParts {
  readonly scheduler: Pick<Scheduler, 'run'>
  readonly sessions: Pick<SessionRegistry, 'attempt'>
  readonly memory: SequenceMemory
  readonly vocabSize: number
  readonly options: Pick<ResolvedSessionOptions, 'contextLength' | 'shiftKeep'>
  readonly stats: StatsMeter
  /** Prompts of other sessions; `undefined`: none are shared. */
  readonly prefixes: SharedPrefixes | undefined
}

/** Options of `#evaluate`. */
interface EvaluateOptions {
  readonly signal?: AbortSignal | undefined
  /** Receives the logits that predict each token. */
  readonly scores?: TokenScores
  /** Whether to compute the last token's logits. Default true. */
  readonly wantLogits?: boolean
  /** For the statistics: whether it is a generated token. Default false. */
  readonly isDecode?: boolean
  /** Tokens that may follow: evaluated behind the others, without becoming part of the sequence. Default none. */
  readonly draft?: readonly TokenId[]
}

/** A token that may follow, evaluated already, with the logits after it and, if somebody listens, its hidden state. */
interface Ahead {
  readonly id: TokenId
  readonly logits: Float32Array
  readonly state: Float32Array | undefined
}

/** Who wants the hidden states of the tokens that become part of a sequence. */
export interface StateListener {
  /** `state` is a copy, f32[embeddingLength]. A token that is evaluated again is told again. */
  take(position: number, id: TokenId, state: Float32Array): void
}

/**
 * Runs a session's tokens through the model, and keeps sequence, memory and the logits after the last token in step.
 *
 * A memory cannot always be truncated to the length of the sequence. Then it is shorter, and the gap is evaluated again
 * before anything else, each token in its original phase, so the bits stay the same. And during a generation the memory may be
 * longer: it has the rest of a draft.
 */
export class Evaluator {
  /** Of what is evaluated from now on: see `GenerateOptions.priority`. */
  priority = 0
  /** Who listens to what is evaluated from now on. It costs a pass more per prompt. */
  states: StateListener | undefined
  #sequence = new Sequence()
  readonly #scheduler: EvaluatorParts['scheduler']
  readonly #sessions: EvaluatorParts['sessions']
  readonly #memory: SequenceMemory
  readonly #options: EvaluatorParts['options']
  readonly #stats: StatsMeter
  readonly #prefixes: SharedPrefixes | undefined
  /** A copy, because the next batch overwrites the engine's own. */
  readonly #logits: Float32Array
  #hasLogits = false
  /** What the memory has after the sequence. */
  #ahead: Ahead[] = []
  /** How often the logits have been overwritten. */
  #writes = 0

  constructor({ scheduler, sessions, memory, vocabSize, options, stats, prefixes }: EvaluatorParts) {
    this.#scheduler = scheduler
    this.#sessions = sessions
    this.#memory = memory
    this.#options = options
    this.#stats = stats
    this.#prefixes = prefixes
    this.#logits = new Float32Array(vocabSize)
  }

  /** The tokens so far. `restore` and `startOver` replace the object. */
  get sequence(): Sequence {
    return this.#sequence
  }

  /** Logits after the last evaluated token, as a view; `undefined` if there are none. */
  get logits(): Float32Array | undefined {
    return this.#hasLogits ? this.#logits : undefined
  }

  /** The same; throws `INVALID_ARGUMENT` if there are none. */
  requireLogits(): Float32Array {
    if (!this.#hasLogits) throw nothingEvaluated()
    return this.#logits
  }

  /** Continues from another sequence. The memory holds a prefix of it. */
  restore(sequence: Sequence, logits: Float32Array | undefined): void {
    this.#sequence = sequence
    if (logits) this.#logits.set(logits)
    this.#hasLogits = logits !== undefined
  }

  /** Replaces all tokens by the prompt and evaluates what is not cached. Resolves with the cached prefix length. */
  async startOver(
    prompt: readonly TokenId[],
    reuse: 'exact' | 'all',
    signal: AbortSignal | undefined,
  ): Promise<number> {
    const before = this.#sequence
    const restoreLogits = this.#logitsRestorer()
    const phase = phaseOf(prompt.length)
    const attached = await this.#prefixes?.attach(this.#memory, prompt, phase, this.#own(prompt, reuse))
    const cached = attached?.position ?? (await this.#memory.truncate(this.#shared(prompt, reuse)))
    this.#sequence = attached ?? before.beginning(cached)
    this.#hasLogits = false
    this.#stats.reused(cached)
    try {
      await this.#append(prompt.slice(cached), phase, { signal })
    } catch (error) {
      if (isOutOfMemory(error)) {
        // What was attached is not what the memory had after the tokens that both have.
        await this.#memory.truncate(attached ? before.shared(prompt, phase) : cached)
        this.#sequence = before
        restoreLogits()
      }
      throw error
    }
    await this.#prefixes?.keep(this.#sequence, this.#memory)
    return cached
  }

  /** Length of the prefix of `prompt` that is cached. `exact`: count only tokens that were evaluated in the prompt's phase. */
  cached(prompt: readonly TokenId[], reuse: 'exact' | 'all'): number {
    return Math.max(this.#own(prompt, reuse), this.#prefixes?.match(prompt, phaseOf(prompt.length)) ?? 0)
  }

  /** The same in the session's own memory. */
  #own(prompt: readonly TokenId[], reuse: 'exact' | 'all'): number {
    return reachableLength(this.#memory.reach, this.#shared(prompt, reuse))
  }

  #shared(prompt: readonly TokenId[], reuse: 'exact' | 'all'): number {
    return this.#sequence.shared(prompt, reuse === 'exact' ? phaseOf(prompt.length) : undefined)
  }

  /**
   * Ensures that there are logits after the last token, including the pending one. Resolves with the number of tokens
   * evaluated for that.
   */
  async resume(signal: AbortSignal | undefined): Promise<number> {
    const { pending, position, length } = this.#sequence
    signal?.throwIfAborted()
    // The session may have been reset since the generation was created.
    if (length === 0) throw nothingEvaluated()
    if (pending === undefined) {
      if (this.#hasLogits) return 0
      await this.#memory.truncate(position - 1)
    }
    const missing = length - this.#memory.length
    if (pending === undefined) await this.#fillGap({ signal })
    else await this.append([], signal)
    return missing
  }

  /** Appends the pending token and `ids`, after a context shift if one is needed. */
  async append(ids: readonly TokenId[], signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { pending } = this.#sequence
    const all = pending === undefined ? ids : [pending, ...ids]
    await this.#append(all, phaseOf(all.length), { signal })
  }

  /** How many tokens fit without a context shift. */
  get room(): number {
    return this.#options.contextLength - this.#sequence.position
  }

  /**
   * Evaluates a generated token and, in the same pass, a draft of those after it, which `takeAhead` makes part of the sequence.
   * Resolves with the milliseconds that it took; `undefined` when the context is full. What was left of an earlier draft is gone.
   */
  async advance(
    id: TokenId,
    draft: readonly TokenId[],
    signal: AbortSignal | undefined,
  ): Promise<number | undefined> {
    if (this.#ahead.length > 0) await this.settle()
    if (!(await this.#shiftIfNeeded(1))) return undefined
    const { position } = this.#sequence
    const options = { signal, isDecode: true }
    try {
      return await this.#evaluate([id], 'decode', { ...options, draft })
    } catch (error) {
      await this.settle()
      // A draft may fail where the token does not: it needs more memory, and is a text that nobody would write.
      if (draft.length === 0 || !isOf(error, ['OUT_OF_MEMORY', 'NOT_A_NUMBER'])) throw error
    }
    if (this.#sequence.position > position) return 0
    return this.#evaluate([id], 'decode', options)
  }

  /** Makes a token part of the sequence if it is the next one of the draft. */
  takeAhead(id: TokenId): boolean {
    const [next] = this.#ahead
    if (next?.id !== id) return false
    this.#ahead.shift()
    if (next.state) this.states?.take(this.#sequence.position, id, next.state)
    this.#sequence.append([id], 'decode')
    this.#write(next.logits)
    this.#hasLogits = true
    this.#stats.evaluated(1, { ms: 0, isDecode: true })
    return true
  }

  /** Removes what is left of a draft. */
  async settle(): Promise<void> {
    this.#ahead = []
    const { position } = this.#sequence
    if (this.#memory.length > position) await this.#memory.truncate(position)
  }

  /** Drops all tokens from position `length` on. Logits stay valid if only the pending token goes. */
  async cut(length: number): Promise<void> {
    this.#ahead = []
    if (length < this.#memory.length) await this.#memory.truncate(length)
    if (length < this.#sequence.position) this.#hasLogits = false
    this.#sequence.cut(length)
  }

  /** Appends `ids` without a context shift, and passes the logits that predict each of them to `scores`. */
  async score(ids: readonly TokenId[], scores: TokenScores, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { pending, position } = this.#sequence
    this.assertRoom(ids.length + (pending === undefined ? 0 : 1), position)
    // Evaluating the pending token overwrites them.
    const logits = pending === undefined ? undefined : this.logits?.slice()
    await this.#orNothing(async () => {
      if (pending !== undefined) await this.#evaluate([pending], phaseOf(1), { signal })
      else if (position > 0 && scores.wants(0)) await this.resume(signal)
      if (this.#hasLogits) scores.take(0, this.#logits)
      await this.#evaluate(ids, phaseOf(ids.length), { signal, scores })
    }, logits)
  }

  /** Throws `CONTEXT_FULL` if the pending token and `count` more do not fit, even after a context shift. */
  assertFits(count: number): void {
    const { pending, position } = this.#sequence
    const all = count + (pending === undefined ? 0 : 1)
    if (this.#tokensToDrop(all) === undefined) this.assertRoom(all, position)
  }

  /** Throws `CONTEXT_FULL` if `count` tokens from `position` on do not fit. */
  assertRoom(count: number, position: number): void {
    const { contextLength } = this.#options
    if (position + count > contextLength) throw contextFull(count, position, contextLength)
  }

  async #append(ids: readonly TokenId[], phase: Phase, options: EvaluateOptions): Promise<void> {
    if (!(await this.#shiftIfNeeded(ids.length))) this.assertRoom(ids.length, this.#sequence.position)
    await this.#orNothing(() => this.#evaluate(ids, phase, options))
  }

  /**
   * Undoes `work`, which appends tokens, if it fails with `OUT_OF_MEMORY`. `logits`: a copy of the current ones, needed if
   * `work` evaluates more after overwriting them.
   */
  async #orNothing(work: () => Promise<unknown>, logits?: Float32Array): Promise<void> {
    const { position, pending } = this.#sequence
    const restoreLogits = this.#logitsRestorer(logits)
    try {
      await work()
    } catch (error) {
      if (isOutOfMemory(error)) {
        await this.#memory.truncate(position)
        this.#sequence.retract(position, pending)
        restoreLogits()
      }
      throw error
    }
  }

  /** Returns a function that restores the current logits, unless they were overwritten and there is no copy. */
  #logitsRestorer(copy?: Float32Array): () => void {
    const [hadLogits, writes] = [this.#hasLogits, this.#writes]
    return () => {
      if (copy && writes !== this.#writes) this.#write(copy)
      this.#hasLogits = hadLogits && (copy !== undefined || writes === this.#writes)
    }
  }

  /** Evaluates again what the memory lacks of the sequence. */
  #fillGap(options: EvaluateOptions): Promise<unknown> {
    return this.#evaluate([], 'decode', options)
  }

  /**
   * Evaluates the gap between memory and sequence, then `ids`, one stretch of equal phase after another. Resolves with the
   * milliseconds that the passes took. A failure keeps what was evaluated before it.
   */
  async #evaluate(
    ids: readonly TokenId[],
    phase: Phase,
    { signal, scores, wantLogits = true, isDecode = false, draft = [] }: EvaluateOptions,
  ): Promise<number> {
    const { position: start, state } = this.#sequence
    const end = start + ids.length
    const last = end + draft.length
    const idAt = (at: number) => {
      if (at < start) return state.ids[at]
      return at < end ? ids[at - start] : draft[at - end]
    }
    const phaseAt = (at: number) => (at < start ? state.phases[at] : phase)
    const isWanted = (at: number) =>
      at + 1 >= end ? wantLogits : at + 1 > start && (scores?.wants(at + 1 - start) ?? false)
    const { states } = this
    let totalMs = 0
    while (this.#memory.length < last) {
      const from = this.#memory.length
      const rows: TokenId[] = []
      const outputs: number[] = []
      // All hidden states are wanted, but few logits, so that rows with them are a work of their own.
      const want = !states ? 'logits' : isWanted(from) ? 'both' : 'hidden'
      for (let at = from; at < last && phaseAt(at) === phaseAt(from); at++) {
        if (states && isWanted(at) !== isWanted(from)) break
        if (states || isWanted(at)) outputs.push(rows.length)
        rows.push(idAt(at))
      }
      let evaluated = from
      await this.#scheduler.run({
        memory: this.#memory,
        ids: rows,
        phase: phaseAt(from),
        outputs,
        want,
        signal,
        priority: this.priority,
        take: (row, values) => {
          const next = from + row + 1
          const logits = values.subarray(0, want === 'hidden' ? 0 : this.#logits.length)
          const state = states && values.slice(logits.length)
          if (state && next <= end) states.take(next - 1, idAt(next - 1), state)
          if (want === 'hidden') return
          if (next > start) scores?.take(next - start, logits)
          if (next === end) this.#write(logits)
          if (next > end) this.#ahead.push({ id: draft[next - end - 1], logits: logits.slice(), state })
        },
        advanced: (count, ms) => {
          totalMs += ms
          const own = Math.min(count, end - evaluated)
          this.#stats.evaluated(own, { ms, isDecode })
          // The rest of the draft.
          if (own === 0) return
          const before = Math.max(evaluated, start)
          evaluated += own
          if (evaluated > start) this.#sequence.append(ids.slice(before - start, evaluated - start), phase)
          if (evaluated === end && wantLogits) this.#hasLogits = true
          else if (evaluated > start) this.#hasLogits = false
        },
      })
    }
    return totalMs
  }

  /** The logits become valid only when the work succeeds. */
  #write(logits: Float32Array): void {
    this.#hasLogits = false
    this.#writes++
    this.#logits.set(logits)
  }

  /** Shifts the context if `count` more tokens need it. Resolves with whether they fit. */
  async #shiftIfNeeded(count: number): Promise<boolean> {
    const { shiftKeep: keep = 0 } = this.#options
    const dropped = this.#tokensToDrop(count)
    if (dropped === undefined) return false
    if (dropped === 0) return true
    await this.#fillGap({ wantLogits: false })
    await this.#sessions.attempt(() => this.#memory.shift(keep, dropped))
    this.#sequence.drop(keep, dropped)
    this.#stats.shifted()
    return true
  }

  /** How many tokens a context shift must drop so that `count` more fit: 0 if they fit, `undefined` if they never will. */
  #tokensToDrop(count: number): number | undefined {
    const { position } = this.#sequence
    const { contextLength, shiftKeep } = this.#options
    if (position + count <= contextLength) return 0
    return shiftKeep === undefined ? undefined : tokensToDrop(shiftKeep, position, count, contextLength)
  }
}
