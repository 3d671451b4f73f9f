const SLOTS = 1 << 16
const MASK = SLOTS - 1

/** A direct-mapped cache of values for pairs of symbols: on collision the later pair wins. Fixed size, 768 KiB. */
export class PairCache {
  /** Three cells per slot: left, right, value. */
  readonly #cells = new Int32Array(SLOTS * 3).fill(-1)

  /** The value of a pair of numbers ≥ 0, or `undefined` if it is not cached. */
  get(left: number, right: number): number | undefined {
    const cells = this.#cells
    const slot = slotOf(left, right)
    return cells[slot] === left && cells[slot + 1] === right ? cells[slot + 2] : undefined
  }

  set(left: number, right: number, value: number): void {
    const slot = slotOf(left, right)
    this.#cells[slot] = left
    this.#cells[slot + 1] = right
    this.#cells[slot + 2] = value
  }
}

function slotOf(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b)
  return ((hash ^ (hash >>> 15)) & MASK) * 3
}
