/** A binary min-heap of non-negative doubles. */
export class KeyHeap {
  #keys = new Float64Array(64)
  #size = 0

  /** Clears the heap and allocates space for `length` keys. */
  reserve(length: number): void {
    this.#keys = new Float64Array(length)
    this.#size = 0
  }

  get isEmpty(): boolean {
    return this.#size === 0
  }

  push(key: number): void {
    if (this.#size === this.#keys.length) {
      const larger = new Float64Array(this.#size * 2)
      larger.set(this.#keys)
      this.#keys = larger
    }
    const keys = this.#keys
    let at = this.#size++
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (keys[parent] <= key) break
      keys[at] = keys[parent]
      at = parent
    }
    keys[at] = key
  }

  /** Removes and returns the smallest key; -1 if the heap is empty. */
  pop(): number {
    if (this.#size === 0) return -1
    const keys = this.#keys
    const smallest = keys[0]
    const key = keys[--this.#size]
    const size = this.#size
    let at = 0
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && keys[child + 1] < keys[child]) child++
      if (keys[child] >= key) break
      keys[at] = keys[child]
      at = child
    }
    keys[at] = key
    return smallest
  }
}
