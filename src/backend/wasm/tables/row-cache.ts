/** Which rows of a table are in which slot. The least recently used ones give way (LRU). */
export class RowCache {
  readonly #slots: number
  /** Slots by row, the least recently used row first. */
  readonly #slotByRow = new Map<number, number>()

  /** `slots`: at least 1. */
  constructor(slots: number) {
    this.#slots = slots
  }

  /** `undefined` for a row that is not there. */
  slotOf(row: number): number | undefined {
    return this.#slotByRow.get(row)
  }

  /** Whether a row is there; then it is the most recently used one. */
  use(row: number): boolean {
    const slot = this.#slotByRow.get(row)
    if (slot === undefined) return false
    this.#slotByRow.delete(row)
    this.#slotByRow.set(row, slot)
    return true
  }

  /** The slot of a row that was not there. */
  add(row: number): number {
    const slot = this.#slotByRow.size < this.#slots ? this.#slotByRow.size : this.#evict()
    this.#slotByRow.set(row, slot)
    return slot
  }

  #evict(): number {
    const [[row, slot]] = this.#slotByRow
    this.#slotByRow.delete(row)
    return slot
  }
}
