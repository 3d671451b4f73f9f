import type { Emit } from './events.js'

/**
 * Emits reasoning or content. White space next to a marker is framing: after a marker up to its last line break, before a
 * marker all of it. Therefore white space is held back until it is known what follows. Text that continues after a marker is
 * separated from the preceding text by a line break, or by a blank line if the reply had one.
 */
export class TextChannel {
  readonly #emit: Emit
  readonly #type: 'reasoning' | 'content'
  /** White space at the end of the text so far. */
  #held = ''
  /** Only white space has been read since the channel was opened. */
  #atStart = true
  #afterMarker: boolean
  /** Whether text has been emitted, from which more text must be separated. */
  #hasText = false
  /** Whether a blank line has been left out since then. */
  #hasBlankLine = false

  /** `afterMarker`: whether the channel begins after a marker. Default: false. */
  constructor(emit: Emit, type: 'reasoning' | 'content', { afterMarker = false } = {}) {
    this.#emit = emit
    this.#type = type
    this.#afterMarker = afterMarker
  }

  /** Whether only white space has been read since it was opened. */
  get isEmpty(): boolean {
    return this.#atStart
  }

  push(text: string): void {
    let end = text.length
    while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--
    if (end === 0) {
      this.#held += text
      return
    }
    this.#flush(text)
    this.#held = text.slice(end)
  }

  /** A marker follows. */
  close(): void {
    this.#frame(this.#held)
    if (BLANK_LINE.test(this.#held)) this.#hasBlankLine = true
    this.#held = ''
    this.#atStart = true
    this.#afterMarker = true
  }

  /** The reply has ended. */
  end(): void {
    if (this.#atStart && this.#afterMarker) this.#frame(this.#held)
    else this.#write(this.#held)
    this.#held = ''
  }

  /** Emits what was held back and `text`, without trailing white space. */
  #flush(text: string): void {
    const whole = this.#held + text
    let start = 0
    if (this.#atStart && this.#afterMarker) {
      for (let i = 0; i < whole.length && isSpace(whole.charCodeAt(i)); i++) {
        if (whole.charCodeAt(i) === LINE_FEED) start = i + 1
      }
    }
    let end = whole.length
    while (end > start && isSpace(whole.charCodeAt(end - 1))) end--
    this.#frame(whole.slice(0, start))
    if (this.#atStart && this.#hasText && !isSpace(whole.charCodeAt(start)))
      this.#separate(whole.slice(0, start))
    this.#write(whole.slice(start, end))
    this.#atStart = false
  }

  #separate(leftOut: string): void {
    const text = this.#hasBlankLine || BLANK_LINE.test(leftOut) ? '\n\n' : '\n'
    this.#emit({ type: 'separator', of: this.#type, text })
  }

  #write(text: string): void {
    if (text === '') return
    this.#hasText = true
    this.#hasBlankLine = false
    this.#emit({ type: this.#type, text })
  }

  #frame(text: string): void {
    if (text !== '') this.#emit({ type: 'framing', text })
  }
}

const LINE_FEED = 0x0a
const BLANK_LINE = /\n[ \t\r]*\n/

/** White space, including the byte order mark. */
export function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit === 0xfeff
}
