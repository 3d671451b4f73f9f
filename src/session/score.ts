import { CandidateSet } from '../sampling/candidate-set.js'
import { logprobsOf } from '../sampling/logprobs.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Log-probabilities of a sequence's own tokens, computed while they are evaluated. */
export class TokenScores {
  /** One per id; NaN until it is computed. */
  readonly values: Float64Array
  readonly #ids: readonly TokenId[]
  readonly #from: number
  /** Reused for all tokens. */
  readonly #candidates = new CandidateSet()

  /** `from`: index of the first id to score. */
  constructor(ids: readonly TokenId[], from: number) {
    this.values = new Float64Array(ids.length).fill(Number.NaN)
    this.#ids = ids
    this.#from = from
  }

  /** Whether id number `index` is to be scored. */
  wants(index: number): boolean {
    return index >= this.#from && index < this.#ids.length
  }

  /** Takes the logits that predict id number `index`. */
  take(index: number, logits: Float32Array): void {
    if (!this.wants(index)) return
    this.#candidates.reset(logits)
    this.values[index] = logprobsOf(this.#candidates, this.#ids[index], 0).logprob
  }
}
