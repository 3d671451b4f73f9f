import type { ByteSource } from '../storage/source.js'
import { LineError } from './line-error.js'

/** A line of a file: its text, or what is wrong with it. */
export type Line = { readonly number: number } & (
  | { readonly text: string; readonly problem?: undefined }
  | { readonly problem: LineError; readonly text?: undefined }
)

/** The longest line in bytes: the server's limit on bodies. */
export const MAX_LINE_BYTES = 4 * 2 ** 20
/** How much is read at once. */
const CHUNK_BYTES = 256 * 1024
const LINE_FEED = 0x0a

/**
 * The lines of a UTF-8 file that are not blank, numbered from 1, with the offset behind each. No more than a line is held;
 * what is longer than `MAX_LINE_BYTES` is skipped. Rejects with what the source rejects with.
 */
export async function* readLines(
  source: Pick<ByteSource, 'size' | 'read'>,
  signal?: AbortSignal,
): AsyncGenerator<{ readonly line: Line; readonly end: number }> {
  const line = new PartialLine()
  let number = 1
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, source.size - offset))
    await source.read(offset, chunk, signal)
    let begin = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, begin)) {
      line.add(chunk.subarray(begin, end))
      const whole = line.take(number)
      begin = end + 1
      if (whole) yield { line: whole, end: offset + begin }
      number++
    }
    line.add(chunk.subarray(begin))
  }
  const last = line.take(number)
  if (last) yield { line: last, end: source.size }
}

class PartialLine {
  #parts: Uint8Array[] = []
  #length = 0

  add(bytes: Uint8Array): void {
    this.#length += bytes.length
    if (this.#length > MAX_LINE_BYTES) this.#parts = []
    else if (bytes.length > 0) this.#parts.push(bytes)
  }

  /** The line so far, which ends here; `undefined` if it is blank. */
  take(number: number): Line | undefined {
    const [parts, length] = [this.#parts, this.#length]
    this.#parts = []
    this.#length = 0
    if (length > MAX_LINE_BYTES) {
      const message = `has ${length} bytes; the limit is ${MAX_LINE_BYTES}`
      return { number, problem: new LineError('line_too_long', message) }
    }
    const bytes = new Uint8Array(length)
    let at = 0
    for (const part of parts) {
      bytes.set(part, at)
      at += part.length
    }
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
      return text.trim() === '' ? undefined : { number, text }
    } catch {
      return { number, problem: new LineError('invalid_json', 'is not UTF-8') }
    }
  }
}
