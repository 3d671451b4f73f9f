import { log, power } from '../math/elementary.js'
import type { Candidates } from './candidates.js'
import type { ResolvedSampling } from './params.js'

/**
 * Mirostat 2: leaves out tokens that are more surprising than `mu` bits, and steers `mu` so that what is chosen
 * surprises by `mirostatTau` bits on average. Source: Basu et al. 2020, algorithm 2.
 */
export class Mirostat {
  readonly #tau: number
  readonly #eta: number
  #mu: number

  constructor({ mirostatTau, mirostatEta }: ResolvedSampling) {
    this.#tau = mirostatTau
    this.#eta = mirostatEta
    this.#mu = 2 * mirostatTau
  }

  truncate(candidates: Candidates): void {
    const { weights, mass } = candidates.weigh()
    const likeliest = candidates.likeliest()
    // As a weight, so that no token needs a logarithm.
    const lightest = mass * power(2, -this.#mu)
    candidates.filter((i) => i === likeliest || weights[i] >= lightest)
  }

  /** Hears which candidate was drawn. */
  observe(candidates: Candidates, index: number): void {
    const { weights, mass } = candidates.weigh()
    this.#mu -= this.#eta * (-log(weights[index] / mass) / Math.LN2 - this.#tau)
  }
}
