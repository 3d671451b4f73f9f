import type { CandidateSet } from './candidate-set.js'
import type { Rng } from './rng.js'

/** A step's input besides the candidates. */
export interface StepContext {
  /** Tokens generated so far, the latest last. */
  readonly previousTokens: ArrayLike<number>
  readonly rng: Rng
}

/** One step of the chain: changes logits or removes candidates, but never the last one. */
export type Step = (candidates: CandidateSet, context: StepContext) => void
