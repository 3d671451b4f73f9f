/** Information about a file from response headers. */

export function isEncoded({ headers }: Response): boolean {
  return (headers.get('content-encoding') ?? 'identity') !== 'identity'
}

/** The file's length from Content-Length, unless the body is compressed. */
export function contentLength(response: Response): number | undefined {
  return isEncoded(response) ? undefined : decimal(response.headers.get('content-length') ?? '')
}

/** `Content-Range: bytes START-LAST/SIZE`, with `end` = LAST + 1; `undefined` if the header is not visible, as across origins. */
export function contentRange({
  headers,
}: Response): { start: number; end: number; size: number | undefined } | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(headers.get('content-range') ?? '')
  return match ? { start: Number(match[1]), end: Number(match[2]) + 1, size: decimal(match[3]) } : undefined
}

/** The Retry-After delay in milliseconds; the header has seconds or a date (RFC 9110, section 10.2.3). */
export function retryAfter({ headers }: Response, now = Date.now()): number | undefined {
  const value = headers.get('retry-after') ?? ''
  const seconds = decimal(value)
  if (seconds !== undefined) return seconds * 1000
  const date = Date.parse(value)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

/** Validators that identify a version of the content: entity tag and modification date, if visible. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
}

export function validatorsOf({ headers }: Response): Validators {
  return {
    // Whether a tag is weak depends on how the response was produced, not on the file's content.
    etag: headers.get('etag')?.replace(/^W\//, ''),
    lastModified: headers.get('last-modified') ?? undefined,
  }
}

/** One text for the version; `undefined` if the server does not identify it. */
export function versionOf({ etag, lastModified }: Validators): string | undefined {
  return etag ?? lastModified
}

/** The SHA-256 of the file in lowercase hexadecimal, if the server states it: `Repr-Digest` (RFC 9530), or Hugging Face's header. */
export function statedSha256({ headers }: Response): string | undefined {
  const linked = /^(?:W\/)?"([0-9a-f]{64})"$/i.exec(headers.get('x-linked-etag') ?? '')
  if (linked) return linked[1].toLowerCase()
  const digest = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):/.exec(headers.get('repr-digest') ?? '')
  if (!digest) return undefined
  return Array.from(atob(digest[1]), (byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** Whether two versions are known to differ. */
export function differ(a: Validators, b: Validators): boolean {
  if (a.etag !== undefined && b.etag !== undefined) return a.etag !== b.etag
  if (a.lastModified === undefined || b.lastModified === undefined) return false
  return a.lastModified !== b.lastModified
}

function decimal(text: string): number | undefined {
  const value = Number(text)
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(value) ? value : undefined
}
