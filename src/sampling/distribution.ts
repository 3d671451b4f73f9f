import { describeValue } from '../describe.js'
import type { CandidateSet } from './candidate-set.js'
import type { Candidate } from './custom-step.js'
import { invalid } from './knob.js'
import { topIndices } from './passes.js'

/**
 * The tokens that can be sampled at one point of the chain. It stays as it was then: later steps do not change it. Iterating
 * yields the ids in ascending order. Methods throw `INVALID_ARGUMENT` for an id outside the vocabulary.
 */
export class Distribution implements Iterable<number> {
  /** Size of the vocabulary: ids are 0 to `vocabSize` − 1. */
  readonly vocabSize: number
  readonly #candidates: CandidateSet

  private constructor(candidates: CandidateSet, vocabSize: number) {
    this.vocabSize = vocabSize
    this.#candidates = candidates
  }

  /** @internal A copy of the candidates. */
  static of(candidates: CandidateSet): Distribution {
    return new Distribution(candidates.copy(), candidates.vocabulary)
  }

  /** Number of tokens. */
  get size(): number {
    return this.#candidates.size
  }

  /** Whether a token has not been removed. */
  has(id: number): boolean {
    return this.#indexOf(id) >= 0
  }

  /** Divided by the temperature, if its step has run; −Infinity for a token that has been removed. */
  logit(id: number): number {
    const index = this.#indexOf(id)
    return index < 0 ? Number.NEGATIVE_INFINITY : this.#at(index).logit
  }

  /** 0 for a token that has been removed. */
  probability(id: number): number {
    const index = this.#indexOf(id)
    return index < 0 ? 0 : this.#at(index).probability
  }

  /** The `n` most likely tokens in descending order, lower id first on ties; fewer if fewer remain. */
  top(n: number): Candidate[] {
    const { logits, size } = this.#candidates
    return topIndices(logits, size, Math.min(checkN(n), size)).map((index) => this.#at(index))
  }

  /** The ids, in ascending order. */
  *[Symbol.iterator](): IterableIterator<number> {
    const { ids, size } = this.#candidates
    for (let i = 0; i < size; i++) yield ids[i]
  }

  /** @internal The `n` most likely tokens that `later`, a part of this distribution, lacks. */
  topWithout(later: Distribution, n: number): Candidate[] {
    const { ids, logits, size } = this.#candidates
    const count = size - later.size
    const removed = new Float32Array(count)
    const indices = new Int32Array(count)
    missing(ids, logits, size, later.#candidates.ids, later.size, removed, indices)
    return topIndices(removed, count, Math.min(checkN(n), count)).map((i) => this.#at(indices[i]))
  }

  #at(index: number): Candidate {
    const { ids, logits, softmax, temperature } = this.#candidates
    const probability = softmax.weight(logits[index]) / softmax.mass
    return { id: ids[index], logit: logits[index] / temperature, probability }
  }

  #indexOf(id: number): number {
    if (Number.isInteger(id) && id >= 0 && id < this.vocabSize) return this.#candidates.indexOf(id)
    throw invalid(`token ${describeValue(id)} is not in the vocabulary (0 to ${this.vocabSize - 1})`)
  }
}

function checkN(n: number): number {
  if (Number.isInteger(n) && n >= 0) return n
  throw invalid(`the number of tokens must be a whole number, 0 or more, not ${describeValue(n)}`)
}

/** A loop like those of passes.ts. Writes the logits whose ids are not among the `others`, and their indices. Ids are ascending. */
function missing(
  ids: Int32Array,
  logits: Float32Array,
  n: number,
  others: Int32Array,
  nOthers: number,
  values: Float32Array,
  indices: Int32Array,
): void {
  let other = 0
  let count = 0
  for (let i = 0; i < n; i++) {
    if (other < nOthers && others[other] === ids[i]) {
      other++
      continue
    }
    values[count] = logits[i]
    indices[count++] = i
  }
}
