import type { Pass } from '../model/network.js'
import { CandidateSet } from '../sampling/candidate-set.js'
import { logprobsOf } from '../sampling/logprobs.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Log-probabilities of a sequence's own tokens, found while it goes through the network. */
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

  /** Takes the logits that id number `index` was to be chosen by. */
  take(index: number, logits: Float32Array): void {
    if (index < this.#from || index >= this.#ids.length) return
    this.#candidates.reset(logits)
    this.values[index] = logprobsOf(this.#candidates, this.#ids[index], 0).logprob
  }

  /** What to ask of the pass of a batch that begins with id number `first`; nothing where no logits of it count. */
  within(first: number, count: number): Pass['everyLogits'] {
    // The logits after a token are for the one after it.
    const start = Math.max(0, this.#from - 1 - first)
    if (start >= count) return undefined
    return { first: start, take: (index, logits) => this.take(first + index + 1, logits) }
  }
}
