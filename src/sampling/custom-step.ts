/**
 * A step of one's own in the chain: looks at the candidates, and changes or removes some. It returns nothing and is not
 * async. What it throws ends the `pick`, and a generation with `stopReason` `callback`.
 */
export type CustomStep = (candidates: Candidates) => void

/** A token that may still be chosen. */
export interface Candidate {
  readonly id: number
  readonly logit: number
  /** Its share among the candidates, 0 to 1. */
  readonly probability: number
}

/**
 * The tokens that may still be chosen, for a custom step to change. Logits are f32; those that earlier steps have changed
 * are seen changed, and divided by the temperature where its step came before. What has been removed, by an earlier step
 * or by this one, has the logit −Infinity and the probability 0, and cannot come back.
 *
 * Iterating yields the ids in ascending order. Everything throws `INVALID_ARGUMENT` for an id that is not in the
 * vocabulary, and once the step has returned. A step that removes every token ends the `pick` with `NO_CANDIDATES`.
 */
export interface Candidates extends Iterable<number> {
  /** How many there are. */
  readonly size: number
  /** Tokens in the vocabulary: ids run from 0 to `vocabSize` − 1. */
  readonly vocabSize: number
  /** The tokens generated so far, the latest last: a copy, made when it is first asked for. */
  readonly previousTokens: readonly number[]
  has(id: number): boolean
  logit(id: number): number
  /** Weighs all candidates when first asked for after a change: read first, then write. */
  probability(id: number): number
  /** The `n` likeliest, the likeliest first, the lower id on ties; all of them where there are fewer. */
  top(n: number): Candidate[]
  /**
   * −Infinity removes the token, and Infinity stands for the largest f32. Does nothing to a token that has been removed.
   * Throws `INVALID_ARGUMENT` for NaN.
   */
  setLogit(id: number, logit: number): void
  /** Sets every logit, as `setLogit` does. All are computed before the first is set. */
  mapLogits(logitOf: (id: number, logit: number) => number): void
  /** Removes all but these tokens. */
  keep(ids: Iterable<number>): void
  /** Removes these tokens. */
  remove(ids: Iterable<number>): void
  /** Removes the tokens for which `test` is false. All are tested before the first is removed. */
  filter(test: (id: number, logit: number) => boolean): void
}
