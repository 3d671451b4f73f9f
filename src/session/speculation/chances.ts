/** Tokens that an assumption counts as. */
const PRIOR_WEIGHT = 4
/** Tokens that count at most, the latest more than earlier ones: texts change. */
const MAX_WEIGHT = 64

/** How often guessed tokens were right, by class: how much speaks for a guess. */
export class Chances {
  readonly #priors: readonly number[]
  readonly #right: number[]
  readonly #tried: number[]

  /** `priors`: the chance of each class until guesses have been tried. */
  constructor(priors: readonly number[]) {
    this.#priors = priors
    this.#right = priors.map(() => 0)
    this.#tried = priors.map(() => 0)
  }

  /** The chance that a token of a class is right, if those before it are; from 0 to 1. */
  of(kind: number): number {
    return (this.#right[kind] + PRIOR_WEIGHT * this.#priors[kind]) / (this.#tried[kind] + PRIOR_WEIGHT)
  }

  /** Of `tried` tokens of a class, `right` were right. */
  learn(kind: number, tried: number, right: number): void {
    this.#right[kind] += right
    this.#tried[kind] += tried
    if (this.#tried[kind] > MAX_WEIGHT) this.keep(kind, MAX_WEIGHT / this.#tried[kind])
  }

  /** Keeps this part of what has been learnt of a class. */
  keep(kind: number, part: number): void {
    this.#right[kind] *= part
    this.#tried[kind] *= part
  }
}
