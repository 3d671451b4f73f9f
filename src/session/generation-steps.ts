import type { SequenceMemory } from '../backend/memory.js'
import { logprobsOfLogits } from '../sampling/logprobs.js'
import type { SamplingParams } from '../sampling/params.js'
import type { Rng } from '../sampling/rng.js'
import { createSampler, type Sampler } from '../sampling/sampler.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { Call, CallOptions } from './call.js'
import type { Evaluator } from './evaluator.js'
import type { ResolvedGenerateOptions } from './generate-options.js'
import type { TokenLogprobs } from './generation.js'
import type { Lease } from './lease.js'
import type { SpeculationSlot } from './speculation/slot.js'
import type { Speculation } from './speculation/speculation.js'
import type { Speculator } from './speculation/speculator.js'
import type { StatsMeter } from './stats.js'
import type { TokenConstraint } from './token-constraint.js'

/** The parts of a session that a generation uses. */
export interface SessionParts {
  /** The session, so that it is not collected, and its memory reclaimed, while only the generation is referenced. */
  readonly owner: object
  readonly lease: Lease
  readonly memory: SequenceMemory
  readonly evaluator: Evaluator
  readonly rng: Rng
  readonly stats: StatsMeter
  readonly speculation: SpeculationSlot
  /** The model's end tokens. */
  readonly endOfGeneration: ReadonlySet<TokenId>
  /** Tokens that the model must never write. */
  readonly suppressedIds: ReadonlySet<TokenId>
}

/** Tokens of a generation's prompt. */
export interface PromptUsage {
  /** Tokens of the prompt or, without one, of the session so far. */
  readonly promptTokens: number
  /** How many of them needed no evaluation. */
  readonly cachedTokens: number
}

/** What follows a token. */
export interface Advance {
  /** How many tokens, including this one, may have to be taken back. */
  readonly undelivered: number
  /** How many more are wanted at most. */
  readonly wanted: number
  /** The state of the response format after it; `undefined` without one. */
  readonly constraint: TokenConstraint | undefined
  readonly signal: AbortSignal
}

/** The steps of a generation on its session. */
export class GenerationSteps {
  readonly #session: SessionParts
  readonly #sampler: Sampler
  /** Empty if the session continues. */
  readonly #promptIds: readonly TokenId[]
  readonly #speculation: Speculation
  readonly #priority: number
  /** From the end of the prompt on, if it speculates. */
  #speculator: Speculator | undefined
  /** When sampling of the current token began. */
  #since = 0
  #holds = false

  /** Throws `INVALID_ARGUMENT` for invalid sampling parameters. */
  constructor(
    session: SessionParts,
    promptIds: readonly TokenId[],
    {
      sampling,
      speculation,
      priority,
    }: Pick<ResolvedGenerateOptions, 'sampling' | 'speculation' | 'priority'>,
  ) {
    this.#session = session
    this.#promptIds = promptIds
    this.#sampler = newSampler(session, sampling)
    this.#priority = priority
    this.#speculation = speculation
  }

  /** Marks the session as busy until the call ends; see `CallOptions`. Throws `DISPOSED`, `BUSY`. */
  begin(signal: AbortSignal | undefined, close: CallOptions['close']): Call {
    return this.#session.lease.begin({ signal, close })
  }

  /** Ensures that there are logits for the first token. */
  async prefill(signal: AbortSignal, reuse: 'exact' | 'all'): Promise<PromptUsage> {
    const { evaluator, stats, speculation } = this.#session
    stats.start()
    evaluator.priority = this.#priority
    // First, so that a draft model that cannot be used leaves the session unchanged.
    const kept =
      this.#speculation === 'none' ? undefined : await speculation.prepare(this.#speculation, signal)
    evaluator.states = kept?.listener(this.#speculation)
    const usage = await this.#evaluatePrompt(signal, reuse)
    const text = () => evaluator.sequence.state.ids
    this.#speculator = kept?.speculator(this.#speculation, { text, stats })
    return usage
  }

  async #evaluatePrompt(signal: AbortSignal, reuse: 'exact' | 'all'): Promise<PromptUsage> {
    const { evaluator } = this.#session
    if (this.#promptIds.length > 0) {
      const cachedTokens = await evaluator.startOver(this.#promptIds, reuse, signal)
      return { promptTokens: this.#promptIds.length, cachedTokens }
    }
    const { length: promptTokens } = evaluator.sequence
    return { promptTokens, cachedTokens: promptTokens - (await evaluator.resume(signal)) }
  }

  /** Samples the next token among those `allowed`. `accept` adds it to the session. */
  choose(allowed: Uint32Array | undefined): TokenId {
    this.#since = now()
    return pick(this.#sampler, this.#session.evaluator, allowed)
  }

  logprobs(id: TokenId, count: number): TokenLogprobs {
    const logits = this.#session.evaluator.requireLogits()
    return { before: logprobsOfLogits(logits, id, count), after: this.#sampler.logprobs(count) }
  }

  /** Makes the token the session's last one. It is evaluated only if the session continues. */
  accept(id: TokenId): void {
    this.#session.evaluator.sequence.choose(id, { isPending: true })
    this.#session.stats.sampled(this.#since)
  }

  /** Evaluates the last token; false if the context is full. Rejects with the signal's reason. */
  async advance(id: TokenId, { undelivered, wanted, constraint, signal }: Advance): Promise<boolean> {
    const { evaluator, stats } = this.#session
    if (undelivered === 1) this.#hold()
    else if (undelivered === 0) this.release()
    if (evaluator.takeAhead(id)) {
      this.#speculator?.accept(id)
      stats.accepted()
      return true
    }
    const speculator = this.#speculator
    // The last token that is wanted is not evaluated.
    const most = Math.min(evaluator.room, wanted) - 1
    const draft = speculator ? await speculator.draft(id, { most, constraint, signal }) : []
    stats.drafted(draft.length)
    const ms = await evaluator.advance(id, draft, signal)
    if (ms !== undefined) speculator?.took(draft.length, ms)
    return ms !== undefined
  }

  /** The generation has ended: nothing has to be taken back any more, and nothing more follows. */
  async end(): Promise<void> {
    this.release()
    const { evaluator } = this.#session
    await evaluator.settle()
    evaluator.priority = 0
    evaluator.states = undefined
  }

  /** The session's RNG state. */
  randomState(): Uint32Array {
    return this.#session.rng.save()
  }

  /** Drops the last `count` accepted tokens and restores the RNG state. */
  async takeBack(count: number, randomState: Uint32Array): Promise<void> {
    const { evaluator, rng, stats } = this.#session
    await evaluator.cut(Math.max(0, evaluator.sequence.length - count))
    rng.restore(rng.seed, randomState)
    stats.takenBack(count)
  }

  /** No tokens have to be taken back any more. */
  release(): void {
    if (this.#holds) this.#session.memory.release()
    this.#holds = false
  }

  #hold(): void {
    this.#session.memory.hold()
    this.#holds = true
  }
}

/** A sampler that uses the session's RNG. Throws `INVALID_ARGUMENT`. */
export function newSampler(
  { rng, endOfGeneration, suppressedIds }: Pick<SessionParts, 'rng' | 'endOfGeneration' | 'suppressedIds'>,
  params: SamplingParams,
): Sampler {
  return createSampler(params, { rng, endOfGeneration, suppressedIds, areChecked: true })
}

/** Samples a token from the logits after the last one. Throws `INVALID_ARGUMENT` if there are none. */
export function pick(sampler: Sampler, evaluator: Evaluator, allowed?: Uint32Array): TokenId {
  return sampler.pick(evaluator.requireLogits(), evaluator.sequence.previousTokens, allowed)
}

function now(): number {
  return performance.now()
}
