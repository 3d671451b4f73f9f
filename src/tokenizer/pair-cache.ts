const SLOTS = 1 << 16
const MASK = SLOTS - 1

/** What was found out about pairs of symbols. Of two pairs that meet in a slot the later one stays: it takes 768 KiB, always. */
export class PairCache {
  /** Three cells per slot: left, right, value. */
  readonly #cells = new Int32Array(SLOTS * 3).fill(-1)

  /** The value of a pair of numbers ≥ 0; `make` finds it where it is not known. */
  get(left: number, right: number, make: () => number): number {
    const cells = this.#cells
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash ^= hash >>> 15
    const slot = (hash & MASK) * 3
    if (cells[slot] === left && cells[slot + 1] === right) return cells[slot + 2]
    const value = make()
    cells[slot] = left
    cells[slot + 1] = right
    cells[slot + 2] = value
    return value
  }
}
