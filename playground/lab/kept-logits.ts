/** Logits of earlier tokens. A token of a large vocabulary has 600 kB of them, so the oldest are dropped. */

export interface KeptLogits {
  /** `undefined` once they have been dropped. */
  readonly values: Float32Array | undefined
}

interface Slot {
  values: Float32Array | undefined
}

export class LogitsBudget {
  readonly #limit: number
  readonly #slots: Slot[] = []
  #bytes = 0

  /** `limit` in bytes. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Keeps them until there are too many newer ones. The latest stay in any case. */
  keep(values: Float32Array): KeptLogits {
    const slot: Slot = { values }
    this.#slots.push(slot)
    this.#bytes += values.byteLength
    while (this.#bytes > this.#limit && this.#slots.length > 1) {
      const oldest = this.#slots.shift()!
      this.#bytes -= oldest.values!.byteLength
      oldest.values = undefined
    }
    return slot
  }

  /** Keeps them as long as someone needs them. */
  pin(values: Float32Array): KeptLogits {
    return { values }
  }
}
