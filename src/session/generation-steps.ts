import type { SequenceMemory } from '../backend/memory.js'
import { logprobsOfLogits } from '../sampling/logprobs.js'
import type { SamplingParams } from '../sampling/params.js'
import type { Rng } from '../sampling/rng.js'
import { createSampler, type Sampler } from '../sampling/sampler.js'
import type { TokenId } from '../tokenizer/tokenizer.js'
import type { Call, CallOptions } from './call.js'
import type { Evaluator } from './evaluator.js'
import type { TokenLogprobs } from './generation.js'
import type { Lease } from './lease.js'
import type { StatsMeter } from './stats.js'

/** What of a session a generation works with. */
export interface SessionParts {
  /** The session itself: whoever holds a generation need not hold it too, or it could be collected and its memory reclaimed. */
  readonly owner: object
  readonly lease: Lease
  readonly memory: SequenceMemory
  readonly evaluator: Evaluator
  readonly rng: Rng
  readonly stats: StatsMeter
  /** The model's end tokens. */
  readonly endOfGeneration: ReadonlySet<TokenId>
}

/** Tokens that a generation has taken in. */
export interface PromptUsage {
  /** Those of the prompt or, without one, all that the session had. */
  readonly promptTokens: number
  /** How many of them needed no evaluation. */
  readonly cachedTokens: number
}

/** What a generation does to its session, step by step. */
export class GenerationSteps {
  readonly #session: SessionParts
  readonly #sampler: Sampler
  /** Empty where the session goes on. */
  readonly #promptIds: readonly TokenId[]
  /** When the choice at hand began. */
  #since = 0
  #holds = false

  /** Throws `INVALID_ARGUMENT` for parameters that the sampler refuses. */
  constructor(session: SessionParts, promptIds: readonly TokenId[], params: SamplingParams) {
    this.#session = session
    this.#promptIds = promptIds
    this.#sampler = newSampler(session, params)
  }

  /** Takes the session, until the call ends; see `CallOptions`. Throws `DISPOSED`, `BUSY`. */
  begin(signal: AbortSignal | undefined, close: CallOptions['close']): Call {
    return this.#session.lease.begin({ signal, close })
  }

  /** Sees to it that there are logits to choose the first token by. */
  async prefill(signal: AbortSignal, reuse: 'exact' | 'all'): Promise<PromptUsage> {
    const { evaluator, stats } = this.#session
    stats.start()
    if (this.#promptIds.length > 0) {
      const cachedTokens = await evaluator.startOver(this.#promptIds, reuse, signal)
      return { promptTokens: this.#promptIds.length, cachedTokens }
    }
    const { length: promptTokens } = evaluator.sequence
    return { promptTokens, cachedTokens: promptTokens - (await evaluator.resume(signal)) }
  }

  /** The next token out of those that are `allowed`, which is not the session's before it is accepted. */
  choose(allowed: Uint32Array | undefined): TokenId {
    this.#since = now()
    return pick(this.#sampler, this.#session.evaluator, allowed)
  }

  logprobs(id: TokenId, count: number): TokenLogprobs {
    const logits = this.#session.evaluator.requireLogits()
    return { before: logprobsOfLogits(logits, id, count), after: this.#sampler.logprobs(count) }
  }

  /** The token becomes the session's last one; it is evaluated only if the session goes on. */
  accept(id: TokenId): void {
    this.#session.evaluator.sequence.choose(id, { isPending: true })
    this.#session.stats.sampled(this.#since)
  }

  /**
   * Evaluates the last token; false when there is no room for it. Rejects with the signal's reason. `undelivered`: how many
   * tokens, it among them, may have to be taken back.
   */
  advance(id: TokenId, undelivered: number, signal: AbortSignal): Promise<boolean> {
    if (undelivered === 1) this.#hold()
    else if (undelivered === 0) this.release()
    return this.#session.evaluator.advance(id, signal)
  }

  /** Where the session's random numbers are. */
  randomState(): Uint32Array {
    return this.#session.rng.save()
  }

  /** Forgets the last `count` accepted tokens; the random numbers go on from `randomState`. */
  async takeBack(count: number, randomState: Uint32Array): Promise<void> {
    const { evaluator, rng, stats } = this.#session
    await evaluator.cut(Math.max(0, evaluator.sequence.length - count))
    rng.restore(rng.seed, randomState)
    stats.takenBack(count)
  }

  /** Nothing has to be taken back any more. */
  release(): void {
    if (this.#holds) this.#session.memory.release()
    this.#holds = false
  }

  #hold(): void {
    this.#session.memory.hold()
    this.#holds = true
  }
}

/** A sampler that draws from the session's random numbers. Throws `INVALID_ARGUMENT`. */
export function newSampler(
  { rng, endOfGeneration }: Pick<SessionParts, 'rng' | 'endOfGeneration'>,
  params: SamplingParams,
): Sampler {
  return createSampler(params, { rng, endOfGeneration, areChecked: true })
}

/** A token chosen by the logits after the last one. Throws `INVALID_ARGUMENT` where there are none. */
export function pick(sampler: Sampler, evaluator: Evaluator, allowed?: Uint32Array): TokenId {
  return sampler.pick(evaluator.requireLogits(), evaluator.sequence.previousTokens, allowed)
}

function now(): number {
  return performance.now()
}
