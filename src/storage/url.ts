import { DasllamaError } from '../errors.js'
import { bytesSource } from './bytes.js'
import { type BodyLimits, discard, fillFromBody, readWholeBody } from './http-body.js'
import { checkRange } from './range.js'
import type { ByteSource } from './source.js'

export interface UrlOptions {
  readonly signal?: AbortSignal
  /** Sent with every request, e.g. an authorization. */
  readonly headers?: Readonly<Record<string, string>>
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch
  /** Most that is kept in memory when a server cannot serve ranges. Default 4 GiB. */
  readonly maxBufferedBytes?: number
}

const DEFAULT_MAX_BUFFERED_BYTES = 4 * 1024 ** 3

/**
 * Opens a URL for random access by HTTP ranges (RFC 9110, section 14). Where the server ignores them, or hides the
 * length, the body is read once into memory. Rejects with `NOT_FOUND` for 404 and 410, `IO` for other statuses and
 * broken connections, `TRUNCATED` for a body that ends early, `LIMIT` for one too large to keep, or the signal's
 * reason.
 */
export async function openUrl(url: string | URL, options: UrlOptions = {}): Promise<ByteSource> {
  const client = new HttpClient(new URL(url), options)
  const probe = await client.get({ Range: 'bytes=0-0' }, options.signal)
  if (probe.status === 416) {
    await discard(probe)
    return bytesSource(new Uint8Array(0), client.name)
  }
  if (probe.status === 206) {
    await discard(probe)
    // A compressed range counts compressed bytes; and across origins a server may hide Content-Range.
    const size = isEncoded(probe) ? undefined : (rangeOf(probe)?.size ?? (await client.size(options.signal)))
    if (size !== undefined) return new UrlSource(client, size)
  }
  const body = probe.status === 206 ? await client.get({}, options.signal) : probe
  const limits: BodyLimits = {
    name: client.name,
    expected: isEncoded(body) ? undefined : contentLength(body),
    maximum: options.maxBufferedBytes ?? DEFAULT_MAX_BUFFERED_BYTES,
  }
  return new BufferedUrlSource(client, await readWholeBody(body, limits, options.signal))
}

class UrlSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly #client: HttpClient

  constructor(client: HttpClient, size: number) {
    this.name = client.name
    this.size = size
    this.#client = client
  }

  async read(offset: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    checkRange(this.name, this.size, offset, target.length)
    if (target.length === 0) return
    const last = offset + target.length - 1
    const response = await this.#client.get({ Range: `bytes=${offset}-${last}` }, signal)
    const range = rangeOf(response)
    const elsewhere = range && (range.start !== offset || (range.size ?? this.size) !== this.size)
    if (response.status !== 206 || elsewhere) {
      await discard(response)
      const got = response.headers.get('content-range') ?? `status ${response.status}`
      throw new DasllamaError(
        'IO',
        `${this.name}: asked for bytes ${offset} to ${last}, the server answered ${got}`,
        {
          hint: 'the file may have been replaced meanwhile: open it again',
        },
      )
    }
    await fillFromBody(response, target, this.name, signal)
  }

  sibling(fileName: string): Promise<ByteSource> {
    return this.#client.openSibling(fileName)
  }

  async close(): Promise<void> {}
}

/** The whole body in memory, with neighbours as any URL has them. */
class BufferedUrlSource implements ByteSource {
  readonly name: string
  readonly size: number
  readonly read: ByteSource['read']
  readonly #client: HttpClient

  constructor(client: HttpClient, body: Uint8Array) {
    this.name = client.name
    this.size = body.length
    this.read = bytesSource(body, client.name).read
    this.#client = client
  }

  sibling(fileName: string): Promise<ByteSource> {
    return this.#client.openSibling(fileName)
  }

  async close(): Promise<void> {}
}

/** Requests to one URL, their failures in this package's words. */
class HttpClient {
  readonly name: string
  readonly #url: URL
  readonly #options: UrlOptions

  constructor(url: URL, options: UrlOptions) {
    this.name = url.href
    this.#url = url
    this.#options = options
  }

  /** The response, body unread; its status is 200, 206 or 416. */
  async get(headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const response = await this.#request('GET', headers, signal)
    if (response.status === 200 || response.status === 206 || response.status === 416) return response
    await discard(response)
    throw this.#refusal(response)
  }

  /** The length that HEAD tells, if any. */
  async size(signal?: AbortSignal): Promise<number | undefined> {
    const response = await this.#request('HEAD', {}, signal)
    return response.status === 200 && !isEncoded(response) ? contentLength(response) : undefined
  }

  openSibling(fileName: string): Promise<ByteSource> {
    const url = new URL(this.#url)
    url.pathname = url.pathname.replace(/[^/]*$/, () => fileName)
    return openUrl(url, { ...this.#options, signal: undefined })
  }

  async #request(method: string, headers: Record<string, string>, signal?: AbortSignal): Promise<Response> {
    const request = this.#options.fetch ?? fetch
    try {
      return await request(this.#url, { method, headers: { ...this.#options.headers, ...headers }, signal })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new DasllamaError('IO', `${this.name}: cannot be reached`, {
        hint: 'check the address, the network and, in a browser, that the server allows this origin (CORS)',
        cause,
      })
    }
  }

  #refusal({ status, statusText }: Response): DasllamaError {
    const message = `${this.name}: the server answered ${status} ${statusText}`.trimEnd()
    if (status === 404 || status === 410) return new DasllamaError('NOT_FOUND', message)
    const hint = status === 401 || status === 403 ? 'the file may need an authorization header' : undefined
    return new DasllamaError('IO', message, { hint })
  }
}

function isEncoded(response: Response): boolean {
  return (response.headers.get('content-encoding') ?? 'identity') !== 'identity'
}

function contentLength(response: Response): number | undefined {
  return decimal(response.headers.get('content-length') ?? '')
}

/** `Content-Range: bytes START-END/SIZE`; absent when there is none to see. */
function rangeOf(response: Response): { start: number; size: number | undefined } | undefined {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  return match ? { start: Number(match[1]), size: decimal(match[2]) } : undefined
}

function decimal(text: string): number | undefined {
  const value = Number(text)
  return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}
