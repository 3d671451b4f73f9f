import { displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { ByteSource } from '../storage/source.js'
import { LIMITS } from './limits.js'
import { decodeText } from './text.js'

export const FIRST_WINDOW_BYTES = 1024 * 1024
const LARGEST_WINDOW_BYTES = 16 * 1024 * 1024

/**
 * Reads little-endian values one after the other from a source, through a window that slides over it. First `need`
 * or `has`, then as many reads as were asked for: so whole vocabularies pass without a promise per token. The window
 * doubles with each step, as far sources answer few large requests sooner than many small ones.
 */
export class Cursor {
  readonly name: string
  readonly #source: ByteSource
  readonly #start: number
  readonly #signal: AbortSignal | undefined
  #window: Uint8Array<ArrayBuffer>
  #view: DataView
  /** Where the window begins in the source. */
  #windowStart: number
  /** The next byte, from the start of the window. */
  #next = 0
  #step = FIRST_WINDOW_BYTES

  /** `window`: bytes from `start` on that have been read already. */
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

  /** Of the next byte, from the start of the source. */
  get offset(): number {
    return this.#windowStart + this.#next
  }

  /** Bytes from here to the end. */
  get remaining(): number {
    return this.#source.size - this.offset
  }

  /** Whether `count` bytes can be read at once. */
  has(count: number): boolean {
    return count <= this.#window.length - this.#next
  }

  /** Makes `count` bytes readable at once. Rejects with `TRUNCATED`, naming `what`, when fewer are left. */
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
        // A source that comes as a stream may have learnt only now where it ends.
        if (this.#source.size === known) throw error
      }
    }
  }

  /** Makes a window of `size` bytes from here on; what is left of the one at hand is not read again. */
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
   * Throws `TRUNCATED`, naming `what`, when fewer than `count` bytes are left, and `LIMIT` when they lead further
   * than a cursor may go. Reads nothing.
   */
  expect(count: number, what: string): void {
    if (count <= this.remaining) {
      if (this.offset + count - this.#start <= LIMITS.headerBytes) return
      throw new DasllamaError(
        'LIMIT',
        `${displayName(this.name)}: ${what} at byte ${this.offset} brings the header to more than ${LIMITS.headerBytes} bytes`,
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

  /** A u64 as a number: exact up to 2^53, which is beyond every limit. */
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

  /** Copies the next bytes into `target`; large ones do not pass through the window. `what` is for messages. */
  async readInto(target: Uint8Array, what: string): Promise<void> {
    if (target.length <= FIRST_WINDOW_BYTES) await this.need(target.length, what)
    else this.expect(target.length, what)
    const held = Math.min(target.length, this.#window.length - this.#next)
    target.set(this.bytes(held))
    if (held === target.length) return
    await this.#source.read(this.offset, target.subarray(held), this.#signal)
    // Now behind the window, where nothing can be read without a new one.
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
