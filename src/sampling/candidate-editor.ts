import { describeValue } from '../describe.js'
import type { CandidateSet } from './candidate-set.js'
import type { Candidate, Candidates } from './custom-step.js'
import { invalid } from './knob.js'
import { topIndices } from './passes.js'

/**
 * What a custom step gets instead of the candidates' own buffers, which it could leave unsorted, infinite or NaN.
 * Removing marks a token by the logit −Infinity, so that indices stay valid while the step iterates; `close` then leaves
 * out what is marked.
 */
export class CandidateEditor implements Candidates {
  readonly #set: CandidateSet
  readonly #recent: ArrayLike<number>
  #previousTokens: readonly number[] | undefined
  /** Entries that are not marked. */
  #size: number
  /** Ids that were marked one by one. */
  readonly #marked: number[] = []
  #isMarkedInBulk = false
  #isClosed = false

  constructor(set: CandidateSet, recent: ArrayLike<number>) {
    this.#set = set
    this.#recent = recent
    this.#size = set.size
  }

  /** Ends the access to the candidates, which are in order again. */
  close(): void {
    this.#isClosed = true
    // A few are cut out faster than all are looked at.
    if (this.#isMarkedInBulk || this.#marked.length > MOST_CUT) this.#set.settle()
    else if (this.#marked.length > 0) this.#set.remove(this.#marked.sort((a, b) => a - b))
  }

  get size(): number {
    this.#checkOpen()
    return this.#size
  }

  get vocabSize(): number {
    return this.#checkOpen().vocabulary
  }

  get previousTokens(): readonly number[] {
    this.#checkOpen()
    this.#previousTokens ??= Array.from(this.#recent)
    return this.#previousTokens
  }

  has(id: number): boolean {
    return this.#indexOf(id) >= 0
  }

  logit(id: number): number {
    const index = this.#indexOf(id)
    return index < 0 ? Number.NEGATIVE_INFINITY : this.#set.logits[index]
  }

  probability(id: number): number {
    const index = this.#indexOf(id)
    return index < 0 ? 0 : this.#probabilityAt(index)
  }

  top(n: number): Candidate[] {
    const { ids, logits, size } = this.#checkOpen()
    if (!Number.isInteger(n) || n < 0) {
      throw invalid(
        `a custom step asked for the top ${describeValue(n)}: it must be a whole number, 0 or more`,
      )
    }
    return topIndices(logits, size, Math.min(n, this.#size)).map((index) => ({
      id: ids[index],
      logit: logits[index],
      probability: this.#probabilityAt(index),
    }))
  }

  *[Symbol.iterator](): IterableIterator<number> {
    const { ids, logits, size } = this.#checkOpen()
    for (let i = 0; i < size; i++) {
      if (logits[i] === Number.NEGATIVE_INFINITY) continue
      yield ids[i]
      this.#checkOpen()
    }
  }

  setLogit(id: number, logit: number): void {
    const index = this.#indexOf(id)
    if (index >= 0) this.#setAt(index, checkLogit(id, logit))
  }

  mapLogits(logitOf: (id: number, logit: number) => number): void {
    const { ids, logits, size } = this.#checkOpen()
    const values = new Float32Array(size)
    computeLogits(ids, logits, size, logitOf, values)
    this.#checkOpen()
    this.#size = writeUnmarked(logits, values)
    this.#isMarkedInBulk = true
    this.#set.touch()
  }

  keep(ids: Iterable<number>): void {
    const kept = [...new Set(this.#indicesOf('keep', ids))].sort((a, b) => a - b)
    const { logits, size } = this.#set
    let from = 0
    for (const index of [...kept, size]) {
      logits.fill(Number.NEGATIVE_INFINITY, from, index)
      from = index + 1
    }
    this.#size = kept.length
    this.#isMarkedInBulk = true
    this.#set.touch()
  }

  remove(ids: Iterable<number>): void {
    for (const index of this.#indicesOf('remove', ids)) this.#setAt(index, Number.NEGATIVE_INFINITY)
  }

  filter(test: (id: number, logit: number) => boolean): void {
    const { ids, logits, size } = this.#checkOpen()
    const removed = failing(ids, logits, size, test)
    this.#checkOpen()
    for (const index of removed) this.#setAt(index, Number.NEGATIVE_INFINITY)
  }

  #probabilityAt(index: number): number {
    const { softmax, logits } = this.#set
    return softmax.weight(logits[index]) / softmax.mass
  }

  #setAt(index: number, logit: number): void {
    const set = this.#set
    if (set.logits[index] === Number.NEGATIVE_INFINITY) return
    if (logit !== Number.NEGATIVE_INFINITY) {
      set.set(index, logit)
      return
    }
    set.logits[index] = Number.NEGATIVE_INFINITY
    set.touch()
    this.#marked.push(set.ids[index])
    this.#size--
  }

  /** Where a token stands; -1 when it has been removed. */
  #indexOf(id: number): number {
    const set = this.#checkOpen()
    if (!Number.isInteger(id) || id < 0 || id >= set.vocabulary) {
      throw invalid(
        `a custom step named the token ${describeValue(id)}, which is not in the vocabulary (0 to ${set.vocabulary - 1})`,
      )
    }
    const index = set.indexOf(id)
    return index >= 0 && set.logits[index] === Number.NEGATIVE_INFINITY ? -1 : index
  }

  /** All are checked before anything is changed. */
  #indicesOf(method: string, ids: Iterable<number>): number[] {
    this.#checkOpen()
    if (typeof (ids as Partial<Iterable<number>> | null)?.[Symbol.iterator] !== 'function') {
      throw invalid(`${method} takes the ids of tokens, such as [1, 2], not ${describeValue(ids)}`)
    }
    return Array.from(ids, (id) => this.#indexOf(id)).filter((index) => index >= 0)
  }

  #checkOpen(): CandidateSet {
    if (!this.#isClosed) return this.#set
    throw invalid(
      'the candidates of a custom step were used after it had returned',
      'each call gets new ones',
    )
  }
}

/** More than so many removed tokens are left out in one pass over all. */
const MOST_CUT = 256

/** The same. Throws `INVALID_ARGUMENT` for NaN and for anything but a number. */
function checkLogit(id: number, logit: number): number {
  if (typeof logit === 'number' && !Number.isNaN(logit)) return logit
  if (typeof logit === 'number') throw invalid(`a custom step made the logit of token ${id} NaN`)
  throw invalid(`a custom step set the logit of token ${id} to ${describeValue(logit)}, not to a number`)
}

// Passes over a vocabulary, shaped as those of passes.ts are, and for the same reason.

/** What `logitOf` makes of each logit that is not marked, as the nearest f32; −Infinity stays what it is. */
function computeLogits(
  ids: Int32Array,
  logits: Float32Array,
  n: number,
  logitOf: (id: number, logit: number) => number,
  values: Float32Array,
): void {
  for (let i = 0; i < n; i++) {
    const before = logits[i]
    if (before === Number.NEGATIVE_INFINITY) continue
    const value = logitOf(ids[i], before)
    // Nearly always; what is left is refused, capped or removed.
    if (typeof value === 'number' && Math.abs(value) < 3.4028234663852886e38) values[i] = value
    else values[i] = nearestF32(checkLogit(ids[i], value))
  }
}

function nearestF32(value: number): number {
  if (value === Number.NEGATIVE_INFINITY) return value
  return Math.max(-3.4028234663852886e38, Math.min(value, 3.4028234663852886e38))
}

/** Puts the values in the place of all logits that are not marked. How many are not marked afterwards. */
function writeUnmarked(logits: Float32Array, values: Float32Array): number {
  let unmarked = 0
  for (let i = 0; i < values.length; i++) {
    if (logits[i] === Number.NEGATIVE_INFINITY) continue
    const value = values[i]
    logits[i] = value
    unmarked = (unmarked + +(value !== Number.NEGATIVE_INFINITY)) | 0
  }
  return unmarked
}

/** Indices of the logits that are not marked and do not pass the test. */
function failing(
  ids: Int32Array,
  logits: Float32Array,
  n: number,
  test: (id: number, logit: number) => boolean,
): number[] {
  const indices: number[] = []
  for (let i = 0; i < n; i++) {
    const logit = logits[i]
    if (logit !== Number.NEGATIVE_INFINITY && !test(ids[i], logit)) indices.push(i)
  }
  return indices
}
