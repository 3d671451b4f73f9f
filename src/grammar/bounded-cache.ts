/** An LRU cache. */
export class BoundedCache<T, Key = number> {
  readonly #values = new Map<Key, T>()
  readonly #capacity: number
  readonly #weigh: (value: T) => number
  #weight = 0

  /** The values' total weight is at most `capacity`, except for a single heavier value. `weigh`: 1 each by default. */
  constructor(capacity: number, weigh: (value: T) => number = () => 1) {
    this.#capacity = capacity
    this.#weigh = weigh
  }

  /** The value of `key`, created if it is not cached. */
  get(key: Key, make: () => T): T {
    let value = this.#values.get(key)
    if (value === undefined) {
      value = make()
      this.#weight += this.#weigh(value)
    } else this.#values.delete(key)
    this.#values.set(key, value)
    for (const [oldest, other] of this.#values) {
      if (this.#weight <= this.#capacity || oldest === key) break
      this.#values.delete(oldest)
      this.#weight -= this.#weigh(other)
    }
    return value
  }
}
