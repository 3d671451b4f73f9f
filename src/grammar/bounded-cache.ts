/** Keeps the values that were asked for last. */
export class BoundedCache<T, Key = number> {
  readonly #values = new Map<Key, T>()
  readonly #capacity: number

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  /** The value of `key`, made where it is not known. */
  get(key: Key, make: () => T): T {
    let value = this.#values.get(key)
    if (value === undefined) {
      value = make()
      const [oldest] = this.#values.keys()
      if (this.#values.size >= this.#capacity) this.#values.delete(oldest)
    } else {
      this.#values.delete(key)
    }
    this.#values.set(key, value)
    return value
  }
}
