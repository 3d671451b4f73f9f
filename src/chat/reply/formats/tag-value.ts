import type { ArgumentWriter } from '../argument-writer.js'

/** The text of a value between tags, without the line breaks that frame it. */
export class TagValue {
  readonly #arguments: ArgumentWriter
  /** Nothing but white space has come. */
  #isAtStart = true
  /** It stands on lines of its own, whose breaks are not part of it. */
  #hasOwnLines: boolean
  /** White space that may be the break before the closing tag. */
  #held = ''

  /** The value that has been opened in `args`. `hasOwnLines`: it is known to stand on lines of its own. */
  constructor(args: ArgumentWriter, { hasOwnLines }: { readonly hasOwnLines: boolean }) {
    this.#arguments = args
    this.#hasOwnLines = hasOwnLines
  }

  /** Nothing but white space has come. */
  get isAtStart(): boolean {
    return this.#isAtStart
  }

  /** What has come ends with a line break. */
  get endsLine(): boolean {
    return this.#held.endsWith('\n')
  }

  /** More of it: a line break at its beginning and the one at its end frame it. */
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

  /** What follows is wrapped in CDATA; white space before and behind that is framing. */
  openCdata(): void {
    this.#held = ''
    this.#isAtStart = false
    this.#hasOwnLines = true
  }

  /** More of what is wrapped in CDATA. */
  cdata(text: string): void {
    this.#arguments.text(text)
  }

  close(): void {
    // A value of white space alone: the breaks of its lines are framing, too.
    if (this.#isAtStart) this.#arguments.text(this.#held.replace(/^\r?\n/, '').replace(/\r?\n$/, ''))
    else if (!this.#hasOwnLines) this.#arguments.text(this.#held)
    this.#arguments.close()
  }
}
