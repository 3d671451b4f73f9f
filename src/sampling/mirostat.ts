import type { CandidateSet } from './candidate-set.js'
import type { ResolvedStepParams } from './knobs.js'

/**
 * Mirostat 2: drops tokens with a surprise above `mu` bits and adapts `mu` so that the sampled tokens' average surprise
 * is `mirostatTau` bits. Source: Basu et al. 2020, algorithm 2.
 */
export class Mirostat {
  readonly #tau: number
  readonly #eta: number
  #mu: number

  constructor({ mirostatTau, mirostatEta }: ResolvedStepParams) {
    this.#tau = mirostatTau
    this.#eta = mirostatEta
    this.#mu = 2 * mirostatTau
  }

  truncate(candidates: CandidateSet): void {
    // −log₂ p ≤ mu, solved for the logit, so that no token needs a logarithm.
    candidates.keepFrom(candidates.softmax.logitOf(-this.#mu * Math.LN2))
  }

  /** Updates `mu` with the candidate that was drawn. */
  observe(candidates: CandidateSet, index: number): void {
    const surprise = -candidates.softmax.logProbability(candidates.logits[index]) / Math.LN2
    this.#mu -= this.#eta * (surprise - this.#tau)
  }
}
