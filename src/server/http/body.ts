import { abortable } from '../../abortable.js'
import { ApiError } from '../api-error.js'
import type { Limits } from '../options.js'

/**
 * The JSON of a request's body. Rejects with the status 415 for another content type, 413 for a body that is too large, 408
 * for one that does not arrive in time, and 400 for what is not JSON.
 */
export async function readJson(request: Request, limits: Limits, signal: AbortSignal): Promise<unknown> {
  // Pages can send other types to any server without asking it first.
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type.trim())) {
    throw new ApiError(415, 'the body must be JSON: set the header content-type to application/json', {
      code: 'unsupported_media_type',
    })
  }
  const text = decode(await readBytes(request, limits, signal))
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw invalidBody(`the body is not valid JSON: ${(error as Error).message.slice(0, 200)}`)
  }
  checkDepth(body)
  return body
}

/** Most levels of arrays and objects: what reads them may be recursive. */
const MAX_DEPTH = 500

function checkDepth(body: unknown): void {
  let level: unknown[] = [body]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH)
      throw invalidBody(`the body has more than ${MAX_DEPTH} levels of arrays and objects`)
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    )
  }
}

async function readBytes(
  request: Request,
  { maxBodyBytes, bodyTimeout }: Limits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const tooLarge = () => {
    return new ApiError(413, `the body is larger than ${maxBodyBytes} bytes`, { code: 'request_too_large' })
  }
  if (Number(request.headers.get('content-length')) > maxBodyBytes) throw tooLarge()
  if (!request.body) throw invalidBody('the body is empty')
  const reader = request.body.getReader()
  const late = new AbortController()
  const timer = setTimeout(() => {
    late.abort(new ApiError(408, 'the body did not arrive in time', { code: 'request_timeout' }))
  }, bodyTimeout)
  const abort = () => late.abort(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for (;;) {
      const { done, value } = await abortable(reader.read(), late.signal)
      if (done) return joined(chunks, length)
      length += value.length
      if (length > maxBodyBytes) throw tooLarge()
      chunks.push(value)
    }
  } catch (error) {
    // What is still coming is not wanted.
    reader.cancel().catch(() => {})
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw invalidBody('the body is not UTF-8')
  }
}

function invalidBody(message: string): ApiError {
  return new ApiError(400, message, { code: 'invalid_json' })
}
