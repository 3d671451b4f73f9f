/**
 * A hash table from pairs of ids to a number: open addressing in one typed array. A Map would need a string or a boxed
 * double per pair, and vocabularies have hundreds of thousands of merges.
 */
export class PairTable {
  #mask: number
  #pairs = 0
  /** Three cells per slot: left, right, value; left is -1 in a free slot. */
  #cells: Int32Array

  /** Has room for `capacity` pairs, which take at most half of the slots; grows beyond. */
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

  /** Adds a pair unless it already has a value. */
  add(left: number, right: number, value: number): void {
    const slot = this.#slot(left, right)
    if (this.#cells[slot] >= 0) return
    this.#cells[slot] = left
    this.#cells[slot + 1] = right
    this.#cells[slot + 2] = value
    if (++this.#pairs * 2 > this.#mask + 1) this.#grow()
  }

  #grow(): void {
    const old = this.#cells
    this.#mask = this.#mask * 2 + 1
    this.#cells = new Int32Array(old.length * 2).fill(-1)
    for (let cell = 0; cell < old.length; cell += 3) {
      if (old[cell] >= 0) this.#cells.set(old.subarray(cell, cell + 3), this.#slot(old[cell], old[cell + 1]))
    }
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
