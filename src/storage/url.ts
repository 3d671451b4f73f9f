import { DasllamaError } from '../errors.js'
import type { Attempts } from './attempts.js'
import { HttpClient, type HttpOptions } from './http-client.js'
import { endsEarly, replaced } from './http-failures.js'
import {
  contentLength,
  contentRange,
  differ,
  isEncoded,
  type Validators,
  validatorsOf,
  versionOf,
} from './http-headers.js'
import { PartsFiller } from './parts.js'
import { checkRange } from './range.js'
import type { ByteSource, ReadPart } from './source.js'
import { StreamSource } from './stream.js'
import type { Transfer } from './transfer.js'

export interface UrlOptions extends HttpOptions {
  readonly signal?: AbortSignal | undefined
  /**
   * Recent bytes kept in memory for backward reads if the server does not support ranges. Default 64 MiB.
   */
  readonly maxBufferedBytes?: number | undefined
  /**
   * Called with the first bytes of a file whose server does not support ranges, before more is read. Throws to reject the
   * file.
   */
  readonly checkStart?: ((name: string, start: Uint8Array) => void) | undefined
  /** Called with the first response, whose body is not to be read. */
  readonly onOpened?: ((response: Response) => void) | undefined
}

/**
 * Opens a URL for random access by HTTP ranges (RFC 9110, section 14). If the server ignores them or hides the length,
 * reads go forward through one body; see `StreamSource`. Rejects with `NOT_FOUND` for 404 and 410, `IO` for other
 * statuses, broken connections and stalled servers after all retries, `TRUNCATED` for a body that ends early, or the
 * signal's reason. A read rejects with `IO` if the file has been replaced since.
 */
export async function openUrl(url: string | URL, options: UrlOptions = {}): Promise<ByteSource> {
  const { signal, maxBufferedBytes = 64 * 2 ** 20, checkStart, onOpened } = options
  const client = new HttpClient(new URL(url), options)
  const sibling = (fileName: string) =>
    openUrl(neighbour(client.url, fileName), { ...options, signal: undefined })
  const probe = await client.get({ Range: 'bytes=0-0' }, client.attempts(), signal)
  onOpened?.(probe.response)
  const validators = validatorsOf(probe.response)
  if (probe.response.status === 416) {
    probe.discard()
    return new RangeSource(client, 0, validators, sibling)
  }
  let body = probe
  if (probe.response.status === 206) {
    probe.discard()
    // A compressed range counts compressed bytes, and Content-Range may be hidden across origins.
    const size = isEncoded(probe.response)
      ? undefined
      : (contentRange(probe.response)?.size ?? (await client.size(signal)))
    if (size !== undefined) return new RangeSource(client, size, validators, sibling)
    body = await client.get({}, client.attempts(), signal)
  }
  const source = new StreamSource(client, body, { keptBytes: maxBufferedBytes, sibling })
  try {
    await source.begin(checkStart, signal)
    return source
  } catch (error) {
    await source.close()
    throw error
  }
}

function neighbour(url: URL, fileName: string): URL {
  const other = new URL(url)
  other.pathname = other.pathname.slice(0, other.pathname.lastIndexOf('/') + 1) + fileName
  return other
}

/** Shorter responses count as failures, so that a file cannot take a request per byte. */
const WORTHWHILE_RANGE_BYTES = 64 * 1024

/** A file whose server supports ranges: one request per read, resumed after interruptions. */
class RangeSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly version: string | undefined
  readonly sibling: (fileName: string) => Promise<ByteSource>
  readonly #client: HttpClient
  readonly #validators: Validators

  constructor(
    client: HttpClient,
    size: number,
    validators: Validators,
    sibling: (fileName: string) => Promise<ByteSource>,
  ) {
    this.name = client.url.href
    this.size = size
    this.version = versionOf(validators)
    this.sibling = sibling
    this.#client = client
    this.#validators = validators
  }

  read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    return this.readParts([{ offset, target }], signal)
  }

  async readParts(parts: readonly ReadPart[], signal?: AbortSignal): Promise<void> {
    for (const { offset, target } of parts) checkRange(this.#client.name, this.size, offset, target.length)
    const filler = new PartsFiller(parts)
    const attempts = this.#client.attempts()
    let failure: DasllamaError | undefined
    while (!filler.isFull) {
      const range = { start: filler.position, last: filler.end - 1 }
      const transfer = await this.#client.get(
        { Range: `bytes=${range.start}-${range.last}` },
        attempts,
        signal,
      )
      try {
        this.#checkSame(transfer.response)
        this.#checkRange(transfer.response, range, failure)
        failure = await this.#fill(filler, transfer, attempts, signal)
      } finally {
        transfer.discard()
      }
      if (!failure || this.#isShortRange(transfer.response, filler.position - range.start, filler)) continue
      await attempts.next(failure, signal)
    }
  }

  /** Consumes the transfer. Returns the failure if it ended early. */
  async #fill(
    filler: PartsFiller,
    transfer: Transfer,
    attempts: Attempts,
    signal: AbortSignal | undefined,
  ): Promise<DasllamaError | undefined> {
    while (!filler.isFull) {
      let bytes: Uint8Array | undefined
      try {
        bytes = await transfer.next(signal)
      } catch (error) {
        signal?.throwIfAborted()
        if (error instanceof DasllamaError) return error
        throw error
      }
      if (bytes === undefined)
        return endsEarly(this.#client.name, filler.position - filler.start, filler.end - filler.start)
      filler.write(bytes)
      attempts.progress(bytes.length)
    }
    return undefined
  }

  async close(): Promise<void> {}

  /** Whether the response is deliberately only the beginning of the range: some servers limit the size of a response. */
  #isShortRange(response: Response, got: number, { position }: PartsFiller): boolean {
    return got >= WORTHWHILE_RANGE_BYTES && contentRange(response)?.end === position
  }

  /** Also accepts a full response (200) instead of a range, which is sent if the file has been replaced. */
  #checkSame(response: Response): void {
    const size = response.status === 206 ? contentRange(response)?.size : contentLength(response)
    const sameSize = size === undefined || response.status === 416 || size === this.size
    if (sameSize && !differ(this.#validators, validatorsOf(response))) return
    throw replaced(this.#client.name)
  }

  /** `earlier`: the failure that made this request necessary; it is thrown if the server cannot serve the rest. */
  #checkRange(
    response: Response,
    { start, last }: { start: number; last: number },
    earlier: DasllamaError | undefined,
  ): void {
    const range = contentRange(response)
    // If Content-Range is hidden, as across origins, status 206 means that it is the requested range.
    if (response.status === 206 && !isEncoded(response) && (range === undefined || range.start === start))
      return
    const got = response.headers.get('content-range') ?? `status ${response.status}`
    throw (
      earlier ??
      new DasllamaError(
        'IO',
        `${this.#client.name}: requested bytes ${start} to ${last}, but the server responded with ${got.slice(0, 100)}`,
        { hint: 'the server does not support ranges reliably: try again, or download the file first' },
      )
    )
  }
}
