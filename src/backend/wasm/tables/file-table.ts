import { describeValue } from '../../../describe.js'
import { bytesFor } from '../../../gguf/block-formats.js'
import type { StoredTensor, TensorInfo } from '../../../gguf/model-file.js'
import { checkHalves } from '../../../gguf/weight-check.js'
import { hash32 } from '../../../math/hash.js'
import type { Arena } from '../arena.js'
import type { Pointer } from '../kernels.js'
import { RowCache } from './row-cache.js'

/**
 * Rows of a table that are kept in memory: more than `MAX_ROWS`, those of a batch. Of the 97,000 tokens of this package's documentation, in
 * the vocabulary of TinyLlama, 14 % find that their row is not among the latest 1,024; with 128 rows it is 37 %, with 4,096 5 %
 * (2026-11).
 */
export const CACHED_ROWS = 1024

function rowsOf({ shape }: TensorInfo): number {
  return shape[1] ?? 1
}

function rowBytesOf({ format, shape }: TensorInfo): number {
  return bytesFor(format, shape[0])
}

function slotsOf(tensor: TensorInfo): number {
  return Math.min(rowsOf(tensor), CACHED_ROWS)
}

/** Bytes of memory that a table takes while it stays in the file. */
export function cacheBytes(tensor: TensorInfo): number {
  return slotsOf(tensor) * rowBytesOf(tensor)
}

/**
 * A matrix that stays in its file: of its rows, those that were used last are in memory, in the file's format. All of it is read
 * once, when the model is loaded, as any other tensor; it is checked then, and a checksum per row is kept, so that a row which
 * changes later is not taken for the one that was loaded.
 */
export class FileTable {
  readonly tensor: StoredTensor
  /** Bytes of a row. */
  readonly rowBytes: number
  readonly #checksums: Uint32Array
  readonly #cache: RowCache

  constructor(tensor: StoredTensor) {
    this.tensor = tensor
    this.rowBytes = rowBytesOf(tensor)
    this.#checksums = new Uint32Array(rowsOf(tensor))
    this.#cache = new RowCache(slotsOf(tensor))
  }

  /** Takes whole rows while the file is loaded, from byte `start` of the tensor on. Throws `BAD_FORMAT` for values that are not finite. */
  take(start: number, bytes: Uint8Array): void {
    if (this.tensor.format.name === 'F16') checkHalves(this.tensor, bytes)
    const first = start / this.rowBytes
    for (let at = 0; at < bytes.length; at += this.rowBytes) {
      this.#checksums[first + at / this.rowBytes] = hash32(bytes.subarray(at, at + this.rowBytes))
    }
  }

  /** Byte offset of a row in the source. */
  offsetOf(row: number): number {
    return this.tensor.offset + row * this.rowBytes
  }

  /** The rows that a batch needs and that are not in memory, ascending. The others are not evicted before the next batch. */
  missing(ids: ArrayLike<number>): number[] {
    const rows = new Set(Array.from(ids))
    return Array.from(rows)
      .filter((row) => !this.#cache.use(row))
      .sort((a, b) => a - b)
  }

  /** Whether these are the bytes of a row that were loaded. */
  isUnchanged(row: number, bytes: Uint8Array): boolean {
    return hash32(bytes) === this.#checksums[row]
  }

  /** Copies a missing row into memory at `pointer`, where the cache is. */
  store(row: number, bytes: Uint8Array, arena: Arena, pointer: Pointer): void {
    arena.bytes((pointer + this.#cache.add(row) * this.rowBytes) as Pointer, this.rowBytes).set(bytes)
  }

  /** Which row of the cache has a row of the table that is in memory. */
  slotOf(row: number): number {
    const slot = this.#cache.slotOf(row)
    if (slot === undefined)
      throw new Error(`row ${row} of ${describeValue(this.tensor.name)} has not been read`)
    return slot
  }
}
