import { abortable } from '../abortable.js'
import { DasllamaError } from '../errors.js'
import type { Attempts } from './attempts.js'
import type { HttpClient } from './http-client.js'
import { endsEarly, replaced } from './http-failures.js'
import { contentLength, differ, type Validators, validatorsOf } from './http-headers.js'
import { checkRange } from './range.js'
import { RecentBytes } from './recent-bytes.js'
import type { ByteSource } from './source.js'
import type { Transfer } from './transfer.js'

/** Enough of a file to see what it is. */
const START_BYTES = 512

/** How often a body may be begun again because a read goes back behind what is kept. */
const MAX_REWINDS = 8

export interface StreamOptions {
  /** Bytes that are kept, so that reads may go back by as many. */
  readonly keptBytes: number
  readonly sibling: (fileName: string) => Promise<ByteSource>
}

/**
 * A file whose server serves no ranges: reads go forward through one body, and back within the bytes that are kept. What lies
 * further back costs a new request from the beginning, and so does a body that was cut.
 *
 * Where the server announces no length, or one of compressed bytes, `size` is as large as can be until the end has been met,
 * which small files meet at once.
 */
export class StreamSource implements ByteSource {
  readonly name: string
  readonly sibling: (fileName: string) => Promise<ByteSource>
  readonly #client: HttpClient
  readonly #validators: Validators
  readonly #recent: RecentBytes
  readonly #keptBytes: number
  #size: number | undefined
  #transfer: Transfer | undefined
  /** Bytes that have come of the body at hand, those that were known before included. */
  #position = 0
  #rewinds = 0
  /** Reads take turns, as there is one body. */
  #lastRead: Promise<void> = Promise.resolve()

  constructor(client: HttpClient, transfer: Transfer, { keptBytes, sibling }: StreamOptions) {
    this.name = client.url.href
    this.sibling = sibling
    this.#client = client
    this.#transfer = transfer
    this.#validators = validatorsOf(transfer.response)
    this.#size = contentLength(transfer.response)
    this.#recent = new RecentBytes(keptBytes)
    this.#keptBytes = keptBytes
  }

  get size(): number {
    return this.#size ?? Number.MAX_SAFE_INTEGER
  }

  /** Has `check` look at the beginning; then looks for the end of a body of unknown length, as far as bytes are kept. */
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
    // Only now is it known where the body ends.
    checkRange(this.#client.name, this.size, offset, target.length)
  }

  /** Reads on until `end`, or until the body ends. `onBytes` gets what is new, and where in the file that is. */
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
        // Of a body that was begun again, what has come already.
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

  /** The next bytes, none at an end that was not announced, or why there are none. */
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
        `${this.#client.name}: is read back and forth, and its server serves no byte ranges`,
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
