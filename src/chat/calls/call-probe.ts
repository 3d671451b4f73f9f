import { type CallReader, type ContentHost, NO_MARKERS } from '../reply/machine.js'

/** Stands in for the reader of a call: collects its text until the call is released. */
export class ProbeReader implements CallReader {
  readonly markers = NO_MARKERS
  isOver = false
  /** The marker or header that opened the call. */
  readonly opening: string
  /** What has come after it. */
  read = ''
  readonly #content: ContentHost

  constructor(opening: string, content: ContentHost) {
    this.opening = opening
    this.#content = content
  }

  text(text: string): number {
    if (this.isOver) return 0
    this.read += text
    return text.length
  }

  marker(): boolean {
    return false
  }

  end(): void {}

  /** What follows is not part of the call. */
  release(): void {
    this.isOver = true
  }

  /** It was not a call, but content. */
  reject(): void {
    this.isOver = true
    this.#content.push(this.read)
  }
}
