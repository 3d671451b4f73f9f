import { describeValue } from '../describe.js'
import type { CandidateSet } from './candidate-set.js'
import type { Candidate, Candidates } from './custom-step.js'
import { invalid } from './knob.js'
import { topIndices } from './passes.js'

/**
 * A custom step's view of the candidates; with direct access to their buffers it could leave them unsorted, infinite or
 * NaN. Removal marks a token with the logit −Infinity, so that indices stay valid while the step iterates; `close` then
 * drops the marked tokens.
 */
export class CandidateEditor implements Candidates {
  readonly #set: CandidateSet
  readonly #generated: ArrayLike<number>
  #previousTokens: readonly number[] | undefined
  /** Entries that are not marked. */
  #size: number
  /** Ids that were marked individually. */
  readonly #marked: number[] = []
  #hasBulkMarks = false
  #isClosed = false

  constructor(set: CandidateSet, generated: ArrayLike<number>) {
    this.#set = set
    this.#generated = generated
    this.#size = set.size
  }

  /** Ends the step's access and restores the candidates' invariants. */
  close(): void {
    this.#isClosed = true
    // Removing a few ids is faster than a pass over all candidates.
    if (this.#hasBulkMarks || this.#marked.length > MAX_CUT) this.#set.dropInvalid()
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
    this.#previousTokens ??= Array.from(this.#generated)
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
      throw invalid(`a custom step called top(${describeValue(n)}): n must be a whole number, 0 or more`)
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
    this.#hasBulkMarks = true
    this.#set.invalidate()
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
    this.#hasBulkMarks = true
    this.#set.invalidate()
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
    set.invalidate()
    this.#marked.push(set.ids[index])
    this.#size--
  }

  /** Index of a token; -1 if it has been removed. */
  #indexOf(id: number): number {
    const set = this.#checkOpen()
    if (!Number.isInteger(id) || id < 0 || id >= set.vocabulary) {
      throw invalid(
        `a custom step used token ${describeValue(id)}, which is not in the vocabulary (0 to ${set.vocabulary - 1})`,
      )
    }
    const index = set.indexOf(id)
    return index >= 0 && set.logits[index] === Number.NEGATIVE_INFINITY ? -1 : index
  }

  /** Checks all ids before anything is changed. */
  #indicesOf(method: string, ids: Iterable<number>): number[] {
    this.#checkOpen()
    if (typeof (ids as Partial<Iterable<number>> | null)?.[Symbol.iterator] !== 'function') {
      throw invalid(`${method} takes token ids, such as [1, 2], not ${describeValue(ids)}`)
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

/** If more tokens than this were removed, one pass over all candidates drops them. */
const MAX_CUT = 256

/** Returns `logit`. Throws `INVALID_ARGUMENT` for NaN and for anything but a number. */
function checkLogit(id: number, logit: number): number {
  if (typeof logit === 'number' && !Number.isNaN(logit)) return logit
  if (typeof logit === 'number') throw invalid(`a custom step made the logit of token ${id} NaN`)
  throw invalid(`a custom step set the logit of token ${id} to ${describeValue(logit)}, not to a number`)
}

// Loops over the vocabulary, written like those of passes.ts and for the same reason.

/** Applies `logitOf` to each unmarked logit and rounds to the nearest finite f32; −Infinity is kept. */
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
    // The common case; other values are rejected, clamped or removed.
    if (typeof value === 'number' && Math.abs(value) < 3.4028234663852886e38) values[i] = value
    else values[i] = nearestF32(checkLogit(ids[i], value))
  }
}

function nearestF32(value: number): number {
  if (value === Number.NEGATIVE_INFINITY) return value
  return Math.max(-3.4028234663852886e38, Math.min(value, 3.4028234663852886e38))
}

/** Replaces all unmarked logits by the values. Returns how many are unmarked afterwards. */
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

/** Indices of the unmarked logits that fail the test. */
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
