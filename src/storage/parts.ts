import type { ByteSource, ReadPart } from './source.js'

/** Fills the targets of parts in ascending order, in one request if the source supports it. */
export async function readParts(
  source: ByteSource,
  parts: readonly ReadPart[],
  signal?: AbortSignal,
): Promise<void> {
  if (source.readParts && parts.length > 1) return source.readParts(parts, signal)
  for (const { offset, target } of parts) await source.read(offset, target, signal)
}

/** Distributes a stream of bytes to the targets of the parts that it covers and drops the bytes between them. */
export class PartsFiller {
  readonly #parts: readonly ReadPart[]
  #part = 0
  /** Offset of the next byte in the source. */
  #position: number
  readonly start: number
  /** End of the last part. */
  readonly end: number

  /** `parts`: one or more, ascending and disjoint. */
  constructor(parts: readonly ReadPart[]) {
    this.#parts = parts
    const last = parts[parts.length - 1]
    this.start = parts[0].offset
    this.end = last.offset + last.target.length
    this.#position = this.start
  }

  get position(): number {
    return this.#position
  }

  get isFull(): boolean {
    return this.#position >= this.end
  }

  /** Takes the next bytes of the source; bytes after the last part are ignored. */
  write(bytes: Uint8Array): void {
    const start = this.#position
    const end = Math.min(start + bytes.length, this.end)
    while (this.#position < end) {
      const { offset, target } = this.#parts[this.#part]
      const from = Math.max(this.#position, offset)
      const to = Math.min(offset + target.length, end)
      if (from < to) target.set(bytes.subarray(from - start, to - start), from - offset)
      this.#position = Math.min(offset + target.length, end)
      if (this.#position === offset + target.length) this.#part++
    }
  }
}
