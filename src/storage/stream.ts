import { abortable } from '../abortable.js'
import { DasllamaError } from '../errors.js'
import type { Attempts } from './attempts.js'
import type { HttpClient } from './http-client.js'
import { endsEarly, replaced } from './http-failures.js'
import { contentLength, differ, type Validators, validatorsOf, versionOf } from './http-headers.js'
import { checkRange } from './range.js'
import { RecentBytes } from './recent-bytes.js'
import type { ByteSource } from './source.js'
import type { Transfer } from './transfer.js'

/** Bytes needed to detect a file's format. */
const START_BYTES = 512

/** How often the body may be requested again because a read precedes the kept bytes. */
const MAX_REWINDS = 8

export interface StreamOptions {
  /** How many recent bytes are kept for backward reads. */
  readonly keptBytes: number
  readonly sibling: (fileName: string) => Promise<ByteSource>
}

/**
 * A file whose server does not support ranges: reads go forward through one response body, and back within the kept bytes.
 * Reading further back, or after an interruption, costs a new request from the beginning.
 *
 * If the server sends no length, or that of compressed bytes, `size` is the largest possible value until the end has been
 * reached; small files are read to the end at once.
 */
export class StreamSource implements ByteSource {
  readonly name: string
  readonly version: string | undefined
  readonly isSequential = true
  readonly sibling: (fileName: string) => Promise<ByteSource>
  readonly #client: HttpClient
  readonly #validators: Validators
  readonly #recent: RecentBytes
  readonly #keptBytes: number
  #size: number | undefined
  #transfer: Transfer | undefined
  /** Position in the current body, including bytes that were already known. */
  #position = 0
  #rewinds = 0
  /** Reads are serialized, because there is one body. */
  #lastRead: Promise<void> = Promise.resolve()

  constructor(client: HttpClient, transfer: Transfer, { keptBytes, sibling }: StreamOptions) {
    this.name = client.url.href
    this.sibling = sibling
    this.#client = client
    this.#transfer = transfer
    this.#validators = validatorsOf(transfer.response)
    this.version = versionOf(this.#validators)
    this.#size = contentLength(transfer.response)
    this.#recent = new RecentBytes(keptBytes)
    this.#keptBytes = keptBytes
  }

  get size(): number {
    return this.#size ?? Number.MAX_SAFE_INTEGER
  }

  /** Calls `check` with the first bytes; then looks for the end of a body of unknown length, as far as bytes are kept. */
  async begin(
    check: ((name: string, start: Uint8Array) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#advance(START_BYTES, signal)
    const start = new Uint8Array(Math.min(START_BYTES, this.#recent.end))
    this.#recent.copy(0, start)
    check?.(this.name, start)
    if (this.#size === undefined) await this.#advance(this.#keptBytes, signal)
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    const turn = this.#lastRead.then(() => this.#read(offset, target, signal))
    this.#lastRead = turn.catch(() => undefined)
    await abortable(turn, signal)
  }

  async close(): Promise<void> {
    this.#drop()
    this.#recent.clear()
  }

  async #read(offset: number, target: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    checkRange(this.#client.name, this.size, offset, target.length)
    if (offset < this.#recent.start) this.#rewind()
    let filled = this.#recent.copy(offset, target)
    await this.#advance(offset + target.length, signal, (bytes, at) => {
      const from = offset + filled - at
      if (from >= bytes.length) return
      const part = bytes.subarray(from, from + target.length - filled)
      target.set(part, filled)
      filled += part.length
    })
    if (filled === target.length) return
    // The length of the body is known only now.
    checkRange(this.#client.name, this.size, offset, target.length)
  }

  /** Reads until `end` or the end of the body. `onBytes` is called with new bytes and their offset in the file. */
  async #advance(
    end: number,
    signal: AbortSignal | undefined,
    onBytes?: (bytes: Uint8Array, at: number) => void,
  ): Promise<void> {
    const attempts = this.#client.attempts()
    while (this.#recent.end < end && this.#recent.end < this.size) {
      this.#transfer ??= await this.#begin(attempts, signal)
      const step = await this.#next(this.#transfer, signal)
      if (step instanceof DasllamaError) {
        this.#drop()
        await attempts.next(step, signal)
      } else {
        // Skips what is already known if the body was requested again.
        const fresh = step.subarray(Math.max(0, this.#recent.end - this.#position))
        this.#position += step.length
        if (fresh.length === 0) continue
        const at = this.#recent.end
        this.#recent.append(fresh)
        attempts.progress(fresh.length)
        onBytes?.(fresh, at)
      }
    }
  }

  /** The next bytes (empty at an unannounced end), or the failure. */
  async #next(transfer: Transfer, signal: AbortSignal | undefined): Promise<Uint8Array | DasllamaError> {
    try {
      const bytes = await transfer.next(signal)
      if (bytes) return bytes
    } catch (error) {
      this.#drop()
      if (error instanceof DasllamaError && !signal?.aborted) return error
      throw error
    }
    this.#size ??= this.#position
    if (this.#position >= this.#size) return new Uint8Array(0)
    return endsEarly(this.#client.name, this.#position, this.#size)
  }

  async #begin(attempts: Attempts, signal: AbortSignal | undefined): Promise<Transfer> {
    const transfer = await this.#client.get({}, attempts, signal)
    const { response } = transfer
    const size = contentLength(response)
    const changed = this.#size !== undefined && size !== undefined && size !== this.#size
    if (response.status === 200 && !changed && !differ(this.#validators, validatorsOf(response)))
      return transfer
    transfer.discard()
    throw replaced(this.#client.name)
  }

  #rewind(): void {
    if (++this.#rewinds > MAX_REWINDS) {
      throw new DasllamaError(
        'LIMIT',
        `${this.#client.name}: needs random access, but the server does not support byte ranges`,
        { hint: 'download the file first' },
      )
    }
    this.#drop()
    this.#recent.clear()
  }

  #drop(): void {
    this.#transfer?.discard()
    this.#transfer = undefined
    this.#position = 0
  }
}
