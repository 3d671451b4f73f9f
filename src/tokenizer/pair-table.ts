/**
 * From pairs of ids to a number: open addressing in one typed array. A Map would need a string or a boxed double a
 * pair, and vocabularies have hundreds of thousands of merges.
 */
export class PairTable {
  readonly #mask: number
  /** Three cells an entry: left, right, value; left is -1 where a slot is free. */
  readonly #cells: Int32Array

  /** Room for `capacity` pairs, half of the slots at most. */
  constructor(capacity: number) {
    let slots = 16
    while (slots < capacity * 2) slots *= 2
    this.#mask = slots - 1
    this.#cells = new Int32Array(slots * 3).fill(-1)
  }

  /** The value of a pair of ids ≥ 0, or -1. */
  get(left: number, right: number): number {
    return this.#cells[this.#slot(left, right) + 2]
  }

  /** Keeps the first value that a pair is given. */
  add(left: number, right: number, value: number): void {
    const slot = this.#slot(left, right)
    if (this.#cells[slot] >= 0) return
    this.#cells.set([left, right, value], slot)
  }

  #slot(left: number, right: number): number {
    let hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
    hash ^= hash >>> 15
    for (let slot = hash & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const cell = slot * 3
      const found = this.#cells[cell]
      if (found < 0 || (found === left && this.#cells[cell + 1] === right)) return cell
    }
  }
}
