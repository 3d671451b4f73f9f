/** A half-open range of bytes. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Which bytes of a file are known: disjoint ranges in ascending order, neighbours joined. */
export class RangeSet {
  #ranges: ByteRange[] = []

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const range of ranges) this.add(range)
  }

  get ranges(): readonly ByteRange[] {
    return this.#ranges
  }

  /** How many bytes are known. */
  get bytes(): number {
    return this.#ranges.reduce((sum, { start, end }) => sum + end - start, 0)
  }

  /** How many bytes are known from the first one on without a gap. */
  get prefix(): number {
    const [first] = this.#ranges
    return first?.start === 0 ? first.end : 0
  }

  add({ start, end }: ByteRange): void {
    if (start >= end) return
    const before = this.#ranges.filter((range) => range.end < start)
    const after = this.#ranges.filter((range) => range.start > end)
    const touched = this.#ranges.slice(before.length, this.#ranges.length - after.length)
    const joined = {
      start: Math.min(start, ...touched.map((range) => range.start)),
      end: Math.max(end, ...touched.map((range) => range.end)),
    }
    this.#ranges = [...before, joined, ...after]
  }

  has(start: number, end: number): boolean {
    return start >= end || this.#ranges.some((range) => range.start <= start && end <= range.end)
  }

  /** The first unknown range from `from` on, at most `length` bytes long and ending at `size`; `undefined` if there is none. */
  firstGap(from: number, length: number, size: number): ByteRange | undefined {
    let start = from
    for (const range of this.#ranges) {
      if (range.end <= start) continue
      if (range.start > start)
        return start < size ? { start, end: Math.min(range.start, start + length, size) } : undefined
      start = range.end
    }
    return start < size ? { start, end: Math.min(start + length, size) } : undefined
  }
}
