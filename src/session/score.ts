import { CandidateSet } from '../sampling/candidate-set.js'
import { logprobsOf } from '../sampling/logprobs.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Log-probabilities of a sequence's own tokens, found while they are evaluated. */
export class TokenScores {
  /** One for each id; NaN until it is found. */
  readonly values: Float64Array
  readonly #ids: readonly TokenId[]
  readonly #from: number
  /** Its buffers serve all tokens. */
  readonly #candidates = new CandidateSet()

  /** `from`: the first id that is of interest. */
  constructor(ids: readonly TokenId[], from: number) {
    this.values = new Float64Array(ids.length).fill(Number.NaN)
    this.#ids = ids
    this.#from = from
  }

  /** Whether the score of id number `index` is of interest. */
  wants(index: number): boolean {
    return index >= this.#from && index < this.#ids.length
  }

  /** Takes the logits that id number `index` was to be chosen by. */
  take(index: number, logits: Float32Array): void {
    if (!this.wants(index)) return
    this.#candidates.reset(logits)
    this.values[index] = logprobsOf(this.#candidates, this.#ids[index], 0).logprob
  }
}
