const BLOCK_BYTES = 2 ** 20

/** The latest bytes of a stream, in blocks, so that what is held grows with what has come and stays below a limit. */
export class RecentBytes {
  readonly #most: number
  readonly #blocks = new Map<number, Uint8Array>()
  #end = 0

  /** Keeps the latest `limit` bytes, and up to two blocks more. */
  constructor(limit: number) {
    this.#most = Math.ceil(limit / BLOCK_BYTES) + 2
  }

  /** Of the first byte that is still held, from the start of the stream. */
  get start(): number {
    const [first] = this.#blocks.keys()
    return first === undefined ? this.#end : first * BLOCK_BYTES
  }

  /** Of the byte after the last one. */
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

  /** Copies what is held from `offset` on; returns how many bytes of `target` that fills. */
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
