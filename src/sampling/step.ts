import type { CandidateSet } from './candidate-set.js'
import type { Rng } from './rng.js'

/** What a step may look at besides the candidates. */
export interface StepContext {
  /** Tokens generated so far, the latest last. */
  readonly recent: ArrayLike<number>
  readonly rng: Rng
}

/** One step of the chain: changes logits or leaves candidates out, never the last one. */
export type Step = (candidates: CandidateSet, context: StepContext) => void
