import { DasllamaError } from '../errors.js'
import { KeyHeap } from './key-heap.js'

/** More than the symbols of any text; a rank below 2^24 and a position fit into the 53 bits of a double. */
const POSITIONS = 2 ** 29

/** Which adjacent symbols merge. Symbols are identified by their initial position; a merged one keeps its left position. */
export interface MergeRules {
  /** The pair's merge rank, lower first, or -1. `end` is the position after `right`. */
  rank(left: number, right: number, end: number): number
  /** Called when `left` and its right neighbour, a pair of this rank, have become the symbol `left`. */
  merged(left: number, rank: number): void
}

/**
 * Merges adjacent symbols, lowest rank first and leftmost on ties, until no pair has a rank: the algorithm shared by
 * SentencePiece (ranks from scores) and BPE (ranks from the merge list). A heap over a linked list: O(n log n) for n
 * symbols.
 */
export class Merger {
  #next = new Int32Array(64)
  #previous = new Int32Array(64)
  /** Rank of the pair that begins at a position: distinguishes valid heap entries from those outdated by a merge. */
  #rankAt = new Int32Array(64)
  readonly #heap = new KeyHeap()

  /** Merges `count` ≥ 1 symbols and calls `visit` for each remaining one, from left to right. */
  run(count: number, rules: MergeRules, visit: (position: number, end: number) => void): void {
    if (count >= POSITIONS) {
      throw new DasllamaError('LIMIT', `text of ${count} symbols; the limit is ${POSITIONS - 1}`, {
        hint: 'encode the text in parts',
      })
    }
    this.#reserve(count)
    const next = this.#next
    const previous = this.#previous
    const rankAt = this.#rankAt
    const heap = this.#heap

    const consider = (left: number, right: number) => {
      const rank = right < count ? rules.rank(left, right, next[right]) : -1
      rankAt[left] = rank
      if (rank >= 0) heap.push(rank * POSITIONS + left)
    }

    for (let i = 0; i < count; i++) {
      next[i] = i + 1
      previous[i] = i - 1
    }
    for (let i = 0; i < count; i++) consider(i, i + 1)
    for (let key = heap.pop(); key >= 0; key = heap.pop()) {
      const rank = Math.floor(key / POSITIONS)
      const left = key - rank * POSITIONS
      if (rankAt[left] !== rank) continue
      const right = next[left]
      const after = next[right]
      rules.merged(left, rank)
      next[left] = after
      if (after < count) previous[after] = left
      rankAt[right] = -1
      if (previous[left] >= 0) consider(previous[left], left)
      consider(left, after)
    }
    for (let i = 0; i < count; i = next[i]) visit(i, next[i])
  }

  /** Scratch for short texts is reused; that of a long text is left to the garbage collector. */
  #reserve(count: number): void {
    const kept = 1 << 16
    const size = this.#next.length
    if (count <= size && (size <= kept || count > kept)) return
    const length = count > kept ? count : 1 << (32 - Math.clz32(count))
    this.#next = new Int32Array(length)
    this.#previous = new Int32Array(length)
    this.#rankAt = new Int32Array(length)
    this.#heap.reserve(length)
  }
}
