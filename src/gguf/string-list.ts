import { decodeText } from './text.js'

/** Strings by index: an array of them, or a `StringList`. */
export interface Strings extends Iterable<string> {
  readonly length: number
  /** `undefined` beyond the end. */
  at(index: number): string | undefined
}

/** A `StringList` as data. */
export interface PackedStrings {
  readonly starts: Uint32Array
  readonly blocks: readonly Uint8Array[]
  readonly firsts: readonly number[]
  readonly used: readonly number[]
}

const FIRST_BLOCK_BYTES = 4096
const LARGEST_BLOCK_BYTES = 2 ** 20

/**
 * Strings held as the file's bytes and decoded on access: a string object takes many times the bytes of a short string in
 * the file.
 */
export class StringList implements Strings {
  readonly length: number
  /** Start of each string in its block. */
  readonly #starts: Uint32Array
  readonly #blocks: Uint8Array[] = []
  /** The first string of each block, and the block's used bytes. */
  readonly #firsts: number[] = []
  readonly #used: number[] = []
  #appended = 0

  /** Holds `length` strings, to be appended in order; or those that begin at these offsets. */
  constructor(length: number | Uint32Array) {
    this.#starts = typeof length === 'number' ? new Uint32Array(length) : length
    this.length = this.#starts.length
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    let block = this.#blocks.length - 1
    if (block < 0 || bytes.length > this.#blocks[block].length - this.#used[block]) {
      block = this.#addBlock(bytes.length)
    }
    this.#starts[this.#appended++] = this.#used[block]
    this.#blocks[block].set(bytes, this.#used[block])
    this.#used[block] += bytes.length
  }

  /** The same list of what `pack` has returned, perhaps in another thread. */
  static unpack({ starts, blocks, firsts, used }: PackedStrings): StringList {
    const list = new StringList(starts)
    list.#blocks.push(...blocks)
    list.#firsts.push(...firsts)
    list.#used.push(...used)
    list.#appended = starts.length
    return list
  }

  /** What it consists of, as data that can be posted to another thread. The list is complete. */
  pack(): PackedStrings {
    return { starts: this.#starts, blocks: this.#blocks, firsts: this.#firsts, used: this.#used }
  }

  at(index: number): string | undefined {
    if (!(index >= 0 && index < this.#appended)) return undefined
    return this.#textAt(index, this.#blockOf(index))
  }

  *[Symbol.iterator](): Generator<string> {
    for (let block = 0; block < this.#blocks.length; block++) {
      const end = this.#firsts[block + 1] ?? this.#appended
      for (let index = this.#firsts[block]; index < end; index++) yield this.#textAt(index, block)
    }
  }

  #textAt(index: number, block: number): string {
    const isLast = index + 1 === (this.#firsts[block + 1] ?? this.#appended)
    const end = isLast ? this.#used[block] : this.#starts[index + 1]
    return decodeText(this.#blocks[block], this.#starts[index], end)
  }

  #blockOf(index: number): number {
    let low = 0
    let high = this.#firsts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#firsts[middle] <= index) low = middle
      else high = middle - 1
    }
    return low
  }

  #addBlock(least: number): number {
    const before = this.#blocks.length - 1
    if (before >= 0) this.#blocks[before] = trimmed(this.#blocks[before], this.#used[before])
    const size = before < 0 ? FIRST_BLOCK_BYTES : 2 * this.#blocks[before].length
    this.#firsts.push(this.#appended)
    this.#used.push(0)
    return this.#blocks.push(new Uint8Array(Math.max(least, Math.min(size, LARGEST_BLOCK_BYTES)))) - 1
  }
}

/** Trims the unused end if it is large. */
function trimmed(block: Uint8Array, used: number): Uint8Array {
  return used < block.length / 2 ? block.slice(0, used) : block
}
