import { DasllamaError } from '../../errors.js'
import { PAGE_BYTES, type Pointer } from './kernels.js'
import { WASM_LIMIT } from './limits.js'

/** Everything is aligned to a cache line. */
const ALIGNMENT = 64

/** See `#addCounterweights`. */
const COUNTERWEIGHT_BYTES = 64 * 2 ** 20

interface Span {
  start: number
  bytes: number
}

/** `bytes` rounded up to the arena's alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/**
 * An allocator for one WebAssembly memory. First fit, free neighbours are merged: there are few, large, long-lived spans
 * (weights, caches, scratch), never one per token.
 */
export class Arena {
  readonly memory: WebAssembly.Memory
  #limit: number
  /** Free spans below `#top`, in order of address. */
  readonly #free: Span[]
  readonly #taken = new Map<number, number>()
  /** Memory from here on has never been allocated, or is free again. */
  #top: number
  #bytesInUse = 0
  readonly #counterweights: ArrayBuffer[] = []

  /** `base`: first byte that the arena owns. `limit`: bytes of memory, at most `WASM_LIMIT`. */
  constructor(memory: WebAssembly.Memory, base: number, limit: number) {
    this.memory = memory
    // The last page stays unused: a buffer could end at 2^32, which is 0 as a 32-bit pointer.
    this.#limit = Math.min(limit, WASM_LIMIT - PAGE_BYTES)
    this.#top = aligned(base)
    this.#free = []
  }

  /** Largest size of the memory, in bytes. */
  get limit(): number {
    return this.#limit
  }

  /** Lowers the limit to `bytes`. */
  lowerLimit(bytes: number): void {
    this.#limit = Math.min(this.#limit, bytes)
  }

  get bytesInUse(): number {
    return this.#bytesInUse
  }

  /** Bytes that could still be allocated in one piece at the top. */
  get available(): number {
    return Math.max(0, this.limit - this.#top)
  }

  /** Allocates `bytes` of uninitialised memory, 64-byte aligned. Throws `OUT_OF_MEMORY`, whose message names `purpose`. */
  allocate(bytes: number, purpose: string): Pointer {
    const size = Math.max(ALIGNMENT, aligned(bytes))
    const start = this.#takeFree(size) ?? this.#grow(size, purpose)
    this.#taken.set(start, size)
    this.#bytesInUse += size
    return start as Pointer
  }

  free(pointer: Pointer): void {
    const bytes = this.#taken.get(pointer)
    if (bytes === undefined) throw new Error(`arena: ${pointer} was not allocated`)
    this.#taken.delete(pointer)
    this.#bytesInUse -= bytes
    const at = this.#free.findIndex((span) => span.start > pointer)
    const index = at < 0 ? this.#free.length : at
    this.#free.splice(index, 0, { start: pointer, bytes })
    this.#merge(index)
    this.#merge(index - 1)
    const last = this.#free.at(-1)
    if (last && last.start + last.bytes === this.#top) {
      this.#top = last.start
      this.#free.pop()
    }
  }

  /** A view of memory; valid until the next `allocate`. */
  bytes(pointer: Pointer, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, pointer, length)
  }

  /** A view of memory; valid until the next `allocate`. */
  floats(pointer: Pointer, length: number): Float32Array {
    return new Float32Array(this.memory.buffer, pointer, length)
  }

  /** Takes a span from the free list, splitting a larger one. */
  #takeFree(size: number): number | undefined {
    const index = this.#free.findIndex((span) => span.bytes >= size)
    if (index < 0) return undefined
    const span = this.#free[index]
    const { start } = span
    span.start += size
    span.bytes -= size
    if (span.bytes === 0) this.#free.splice(index, 1)
    return start
  }

  #grow(size: number, purpose: string): number {
    const start = this.#top
    const end = start + size
    if (end > this.limit) throw this.#outOfMemory(size, purpose)
    const missing = Math.ceil(end / PAGE_BYTES) - this.memory.buffer.byteLength / PAGE_BYTES
    if (missing > 0) {
      try {
        this.memory.grow(missing)
      } catch (cause) {
        throw this.#outOfMemory(size, purpose, cause)
      }
      this.#addCounterweights()
    }
    this.#top = end
    return start
  }

  /**
   * V8 collects garbage earlier when objects hold much external memory, but does not count shared memory: a hundred disposed
   * models of 27 MB took 1.6 GB before anything was collected, 0.1 GB on one thread (2026-11). V8 counts these buffers
   * instead; nobody writes to them, so they take no physical memory. They are so large that C libraries map fresh zero pages
   * for them instead of zeroing recycled memory.
   */
  #addCounterweights(): void {
    const { buffer } = this.memory
    if (!isShared(buffer)) return
    try {
      while (this.#counterweights.length * COUNTERWEIGHT_BYTES < buffer.byteLength) {
        this.#counterweights.push(new ArrayBuffer(COUNTERWEIGHT_BYTES))
      }
    } catch {
      // No address space left. They only make garbage collection earlier, so go on without.
    }
  }

  #outOfMemory(size: number, purpose: string, cause?: unknown): DasllamaError {
    const reason =
      cause === undefined ? `the limit is ${this.limit}` : 'the runtime refuses to grow the memory'
    return new DasllamaError(
      'OUT_OF_MEMORY',
      `${purpose} needs ${size} bytes on top of ${this.#top} in use, and ${reason}`,
      { hint: 'use a smaller model or context, an f16 cache, or raise memoryLimit', cause },
    )
  }

  /** Joins span `index` with the one after it where they touch. */
  #merge(index: number): void {
    const span = this.#free[index]
    const next = this.#free[index + 1]
    if (!span || !next || span.start + span.bytes !== next.start) return
    span.bytes += next.bytes
    this.#free.splice(index + 1, 1)
  }
}

/** On a page that is not cross-origin isolated there is no `SharedArrayBuffer` to compare with. */
function isShared(buffer: ArrayBufferLike): boolean {
  return !(buffer instanceof ArrayBuffer)
}
