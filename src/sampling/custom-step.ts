/**
 * A user-defined step of the chain that reads, changes or removes candidates. It must be synchronous and return nothing.
 * If it throws, `pick` throws the error, and a generation ends with `stopReason` `callback`.
 */
export type CustomStep = (candidates: Candidates) => void

/** A token that can still be sampled. */
export interface Candidate {
  /** The token. */
  readonly id: number
  /** Its score, after the steps before this one. */
  readonly logit: number
  /** Its probability among the candidates, 0 to 1. */
  readonly probability: number
}

/**
 * The tokens that can still be sampled, for a custom step to change. Logits are f32 and include the changes of earlier
 * steps, such as the division by the temperature. A token removed by this or an earlier step has logit −Infinity and
 * probability 0, and cannot be restored.
 *
 * Iterating yields the ids in ascending order. All methods throw `INVALID_ARGUMENT` for an id outside the vocabulary and
 * after the step has returned. If a step removes every token, `pick` throws `NO_CANDIDATES`.
 */
export interface Candidates extends Iterable<number> {
  /** Number of remaining candidates. */
  readonly size: number
  /** Size of the vocabulary: ids are 0 to `vocabSize` − 1. */
  readonly vocabSize: number
  /** The tokens generated so far, latest last: a copy, made on first access. */
  readonly previousTokens: readonly number[]
  /** Whether a token remains. */
  has(id: number): boolean
  /** A token's logit; −Infinity if it does not remain. */
  logit(id: number): number
  /** The first call after a change computes a softmax over all candidates: read first, then write. */
  probability(id: number): number
  /** The `n` most likely candidates in descending order, lower id first on ties; fewer if fewer remain. */
  top(n: number): Candidate[]
  /**
   * −Infinity removes the token; Infinity becomes the largest f32. No effect on a removed token. Throws
   * `INVALID_ARGUMENT` for NaN.
   */
  setLogit(id: number, logit: number): void
  /** Sets every logit as `setLogit` does. All are computed before any is set. */
  mapLogits(logitOf: (id: number, logit: number) => number): void
  /** Removes all but these tokens. */
  keep(ids: Iterable<number>): void
  /** Removes these tokens. */
  remove(ids: Iterable<number>): void
  /** Removes the tokens for which `test` is false. All are tested before any is removed. */
  filter(test: (id: number, logit: number) => boolean): void
}
