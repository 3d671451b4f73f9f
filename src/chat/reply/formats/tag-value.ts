import type { ArgumentWriter } from '../argument-writer.js'

/** Writes the text of a value between tags, without its leading and trailing line break. */
export class TagValue {
  readonly #arguments: ArgumentWriter
  /** Nothing but white space has come. */
  #isAtStart = true
  /** Whether it is on its own lines, whose line breaks are not part of it. */
  #hasOwnLines: boolean
  /** White space that may be the line break before the closing tag. */
  #held = ''

  /** For the value that is open in `args`. `hasOwnLines`: whether it is known to be on its own lines. */
  constructor(args: ArgumentWriter, { hasOwnLines }: { readonly hasOwnLines: boolean }) {
    this.#arguments = args
    this.#hasOwnLines = hasOwnLines
  }

  /** Nothing but white space has come. */
  get isAtStart(): boolean {
    return this.#isAtStart
  }

  /** Whether the text so far ends with a line break. */
  get endsLine(): boolean {
    return this.#held.endsWith('\n')
  }

  /** More of it. A line break at its beginning and one at its end are framing. */
  text(text: string): void {
    if (this.#isAtStart && text.trim() === '') {
      this.#held += text
      return
    }
    let value = this.#held + text
    if (this.#isAtStart) {
      this.#isAtStart = false
      const first = /^\r?\n/.exec(value)?.[0] ?? ''
      if (first !== '') this.#hasOwnLines = true
      value = value.slice(first.length)
    }
    const end = value.length - (/\r?\n?$/.exec(value)?.[0].length ?? 0)
    this.#held = value.slice(end)
    this.#arguments.text(value.slice(0, end))
  }

  /** A CDATA section begins; white space before and after it is framing. */
  openCdata(): void {
    this.#held = ''
    this.#isAtStart = false
    this.#hasOwnLines = true
  }

  /** More of the CDATA section. */
  cdata(text: string): void {
    this.#arguments.text(text)
  }

  close(): void {
    // For a value of only white space, the outer line breaks are framing too.
    if (this.#isAtStart) this.#arguments.text(this.#held.replace(/^\r?\n/, '').replace(/\r?\n$/, ''))
    else if (!this.#hasOwnLines) this.#arguments.text(this.#held)
    this.#arguments.close()
  }
}
