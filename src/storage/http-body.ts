import { DasllamaError } from '../errors.js'

export interface BodyLimits {
  /** For messages. */
  readonly name: string
  /** Length in bytes that the server announced, if it did. */
  readonly expected: number | undefined
  /** Most that may be kept. */
  readonly maximum: number
}

const FIRST_BUFFER_BYTES = 1024 * 1024

/** Ends a response whose body nobody wants, so that its connection is free. */
export async function discard(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined)
}

/** Fills `target` from the start of the body; what follows is left. Rejects as `openUrl` does. */
export async function fillFromBody(
  response: Response,
  target: Uint8Array,
  name: string,
  signal?: AbortSignal,
): Promise<void> {
  let filled = 0
  for await (const chunk of chunksOf(response, name, signal)) {
    const wanted = chunk.subarray(0, target.length - filled)
    target.set(wanted, filled)
    filled += wanted.length
    if (filled === target.length) return
  }
  throw endsEarly(name, filled, target.length)
}

/** The whole body. The buffer grows with what arrives, whatever length was announced. */
export async function readWholeBody(
  response: Response,
  { name, expected, maximum }: BodyLimits,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const tooLarge = (size: number) =>
    new DasllamaError(
      'LIMIT',
      `${name}: ${size} bytes or more would have to be kept in memory, limit ${maximum}`,
      {
        hint: 'the server does not serve byte ranges; download the file first',
      },
    )
  if (expected !== undefined && expected > maximum) {
    await discard(response)
    throw tooLarge(expected)
  }
  let buffer = new Uint8Array(Math.min(expected ?? FIRST_BUFFER_BYTES, FIRST_BUFFER_BYTES))
  let filled = 0
  for await (const chunk of chunksOf(response, name, signal)) {
    const needed = filled + chunk.length
    if (needed > maximum) throw tooLarge(needed)
    if (needed > buffer.length)
      buffer = enlarge(name, buffer, Math.max(needed, Math.min(2 * buffer.length, maximum)))
    buffer.set(chunk, filled)
    filled = needed
  }
  if (expected !== undefined && filled < expected) throw endsEarly(name, filled, expected)
  return buffer.subarray(0, filled)
}

/** The body's chunks. Leaving the loop early ends the transfer. */
async function* chunksOf(response: Response, name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader()
  if (!reader) return
  try {
    while (true) {
      signal?.throwIfAborted()
      const { done, value } = await reader.read().catch((cause) => {
        signal?.throwIfAborted()
        throw new DasllamaError('IO', `${name}: the connection broke`, { cause })
      })
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function enlarge(name: string, buffer: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  try {
    const larger = new Uint8Array(size)
    larger.set(buffer)
    return larger
  } catch (cause) {
    throw new DasllamaError('OUT_OF_MEMORY', `${name}: no memory for ${size} bytes`, {
      hint: 'the server does not serve byte ranges; download the file first',
      cause,
    })
  }
}

function endsEarly(name: string, got: number, wanted: number): DasllamaError {
  return new DasllamaError('TRUNCATED', `${name}: the answer ended after ${got} of ${wanted} bytes`, {
    hint: 'the connection may have broken: try again',
  })
}
