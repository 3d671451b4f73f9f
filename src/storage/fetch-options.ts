import { checkCount, checkFunction } from '../checks.js'
import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'

/** How a model is fetched that is given by its URL; without effect on other sources. */
export interface FetchOptions {
  /**
   * Headers of every request, e.g. `{ authorization: 'Bearer …' }`. `authorization` and `cookie` are not sent on to another
   * origin that the address redirects to. Default none.
   */
  headers?: Readonly<Record<string, string>>
  /** Takes the place of the global `fetch`: to go through a proxy or a cache, or to sign requests. */
  fetch?: (url: string | URL, init?: RequestInit) => Promise<Response>
  /**
   * How often a request is repeated that failed for a reason that may pass: a broken or stalled connection, or an answer of
   * 408, 429, 500, 502, 503 or 504. The waits between grow from 0.25 s, or are as long as the server asks for, up to 30 s.
   * 0 to 100. Default 4.
   */
  retries?: number
  /** Milliseconds in which a server must send at least 1 KiB, or the request counts as failed. 1 to 2^31 - 1. Default 30,000. */
  stallTimeout?: number
}

/** Throws `INVALID_ARGUMENT`. */
export function checkFetchOptions({ headers, fetch, retries, stallTimeout }: FetchOptions): void {
  if (headers !== undefined && (typeof headers !== 'object' || headers === null)) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `headers must be an object of names and values, not ${describeValue(headers)}`,
    )
  }
  checkFunction('fetch', fetch)
  if (retries !== undefined) checkCount('retries', retries, 0, 100)
  if (stallTimeout !== undefined) checkCount('stallTimeout', stallTimeout, 1, 2 ** 31 - 1)
}
