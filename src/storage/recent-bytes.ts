const BLOCK_BYTES = 2 ** 20

/** The most recent bytes of a stream, in blocks: memory grows with the stream up to a limit. */
export class RecentBytes {
  readonly #most: number
  readonly #blocks = new Map<number, Uint8Array>()
  #end = 0

  /** Keeps the latest `limit` bytes plus up to two blocks. */
  constructor(limit: number) {
    this.#most = Math.ceil(limit / BLOCK_BYTES) + 2
  }

  /** Stream offset of the first retained byte. */
  get start(): number {
    const [first] = this.#blocks.keys()
    return first === undefined ? this.#end : first * BLOCK_BYTES
  }

  /** Stream offset after the last byte. */
  get end(): number {
    return this.#end
  }

  append(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length; ) {
      const index = Math.floor(this.#end / BLOCK_BYTES)
      const at = this.#end - index * BLOCK_BYTES
      const part = bytes.subarray(taken, taken + BLOCK_BYTES - at)
      this.#blockAt(index).set(part, at)
      taken += part.length
      this.#end += part.length
    }
  }

  /** Copies retained bytes from `offset` on; returns how many bytes of `target` were filled. */
  copy(offset: number, target: Uint8Array): number {
    const length = Math.max(0, Math.min(target.length, this.#end - offset))
    for (let copied = 0; copied < length; ) {
      const index = Math.floor((offset + copied) / BLOCK_BYTES)
      const at = offset + copied - index * BLOCK_BYTES
      const part = this.#blockAt(index).subarray(at, Math.min(BLOCK_BYTES, at + length - copied))
      target.set(part, copied)
      copied += part.length
    }
    return length
  }

  clear(): void {
    this.#blocks.clear()
    this.#end = 0
  }

  #blockAt(index: number): Uint8Array {
    let block = this.#blocks.get(index)
    if (!block) {
      if (this.#blocks.size >= this.#most) this.#blocks.delete(this.start / BLOCK_BYTES)
      block = new Uint8Array(BLOCK_BYTES)
      this.#blocks.set(index, block)
    }
    return block
  }
}
