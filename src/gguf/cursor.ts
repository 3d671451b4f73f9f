import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { LIMITS } from './limits.js'
import { decodeText } from './text.js'

export const FIRST_WINDOW_BYTES = 1024 * 1024
const LARGEST_WINDOW_BYTES = 16 * 1024 * 1024

/**
 * Reads little-endian values sequentially through a sliding window over a source. Call `need` or `has` first, then read
 * up to that many bytes synchronously: a vocabulary needs no promise per token. The window doubles with each step,
 * because remote sources serve a few large requests faster than many small ones.
 */
export class Cursor {
  readonly name: string
  readonly #source: ByteSource
  readonly #start: number
  readonly #signal: AbortSignal | undefined
  #window: Uint8Array<ArrayBuffer>
  #view: DataView
  /** The window's offset in the source. */
  #windowStart: number
  /** The read position within the window. */
  #next = 0
  #step = FIRST_WINDOW_BYTES

  /** `window`: bytes that have already been read, starting at offset `start`. */
  constructor(
    source: ByteSource,
    options: {
      start?: number
      signal?: AbortSignal | undefined
      window?: Uint8Array<ArrayBuffer> | undefined
    } = {},
  ) {
    this.name = source.name
    this.#source = source
    this.#start = options.start ?? 0
    this.#windowStart = this.#start
    this.#window = options.window ?? new Uint8Array(0)
    this.#view = viewOf(this.#window)
    this.#signal = options.signal
  }

  /** Read position in the source. */
  get offset(): number {
    return this.#windowStart + this.#next
  }

  /** Bytes left until the end. */
  get remaining(): number {
    return this.#source.size - this.offset
  }

  /** Whether `count` bytes can be read synchronously. */
  has(count: number): boolean {
    return count <= this.#window.length - this.#next
  }

  /** Makes `count` bytes readable synchronously. Rejects with `TRUNCATED`, naming `what`, if fewer are left. */
  async need(count: number, what: string): Promise<void> {
    if (this.has(count)) return
    const step = Math.max(count, this.#step)
    this.#step = Math.min(2 * this.#step, LARGEST_WINDOW_BYTES)
    while (!this.has(count)) {
      this.expect(count, what)
      this.#signal?.throwIfAborted()
      const known = this.#source.size
      try {
        await this.#slide(Math.min(this.remaining, step))
      } catch (error) {
        // A streamed source may have learned its length only now.
        if (this.#source.size === known) throw error
      }
    }
  }

  /** Moves the window to the read position with `size` bytes; bytes already in the old window are reused. */
  async #slide(size: number): Promise<void> {
    const start = this.offset
    const held = this.#window.subarray(Math.min(this.#next, this.#window.length)).subarray(0, size)
    const window = new Uint8Array(size)
    window.set(held)
    await this.#source.read(start + held.length, window.subarray(held.length), this.#signal)
    this.#window = window
    this.#view = viewOf(window)
    this.#windowStart = start
    this.#next = 0
  }

  /**
   * Throws `TRUNCATED`, naming `what`, if fewer than `count` bytes are left, and `LIMIT` if they exceed the limit on
   * header bytes. Reads nothing.
   */
  expect(count: number, what: string): void {
    if (count <= this.remaining) {
      if (this.offset + count - this.#start <= LIMITS.headerBytes) return
      throw new DasllamaError(
        'LIMIT',
        `${displayName(this.name)}: with ${what} at byte ${this.offset} the header exceeds ${LIMITS.headerBytes} bytes`,
      )
    }
    throw new DasllamaError(
      'TRUNCATED',
      `${displayName(this.name)}: the data ends at byte ${this.#source.size}, within ${what} at byte ${this.offset} ` +
        `(${count} bytes needed, ${this.remaining} left)`,
      { hint: 'the file may be incomplete: compare its size with the original' },
    )
  }

  u8(): number {
    return this.#window[this.#advance(1)]
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  i32(): number {
    return this.#view.getInt32(this.#advance(4), true)
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#advance(8), true)
  }

  /** A u64 as a number: exact up to 2^53, which exceeds every limit. */
  count(): number {
    const at = this.#advance(8)
    return this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32
  }

  f32(): number {
    return this.#view.getFloat32(this.#advance(4), true)
  }

  /** The next `length` bytes, as a view that is valid until the next `need`. */
  bytes(length: number): Uint8Array {
    const at = this.#advance(length)
    return this.#window.subarray(at, at + length)
  }

  text(length: number): string {
    return decodeText(this.bytes(length))
  }

  /** Copies the next bytes into `target`; large reads bypass the window. `what` is for messages. */
  async readInto(target: Uint8Array, what: string): Promise<void> {
    if (target.length <= FIRST_WINDOW_BYTES) await this.need(target.length, what)
    else this.expect(target.length, what)
    const held = Math.min(target.length, this.#window.length - this.#next)
    target.set(this.bytes(held))
    if (held === target.length) return
    await this.#source.read(this.offset, target.subarray(held), this.#signal)
    // The position is now past the window: the next read loads a new one.
    this.#next += target.length - held
  }

  #advance(count: number): number {
    const at = this.#next
    this.#next += count
    return at
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
