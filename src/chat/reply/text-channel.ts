import type { Emit } from './events.js'

/**
 * Reasoning or content on its way out. White space next to a marker belongs to neither: after one it is left out up to
 * its last line break, before one all of it. So white space is held back until it is known what follows. Text that goes on
 * behind a marker is kept apart from what stood before it by a line break, or by a blank line where the reply had one.
 */
export class TextChannel {
  readonly #emit: Emit
  readonly #type: 'reasoning' | 'content'
  /** White space that nothing has followed yet. */
  #held = ''
  /** Nothing but white space has come since the channel was opened. */
  #atStart = true
  #afterMarker: boolean
  /** Whether there is text that more text would be glued to. */
  #hasText = false
  /** A blank line has been left out since. */
  #hasBlankLine = false

  /** `afterMarker`: whether the channel begins behind a marker. Default: no. */
  constructor(emit: Emit, type: 'reasoning' | 'content', { afterMarker = false } = {}) {
    this.#emit = emit
    this.#type = type
    this.#afterMarker = afterMarker
  }

  /** Whether nothing but white space has come since it was opened. */
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
    this.#lead(text)
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

  /** Writes what was held back and `text`, but for white space at its end. */
  #lead(text: string): void {
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

/** White space, and a byte order mark, which says nothing either. */
export function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit === 0xfeff
}
