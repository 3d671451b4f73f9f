import { element, oncePerFrame } from './dom.js'

/** Text that grows: what has arrived is appended once per frame, and nothing is drawn twice. */
export class StreamedText {
  readonly element: HTMLElement
  readonly #node = document.createTextNode('')
  readonly #draw: () => void
  #waiting = ''

  readonly #isTrimmed: boolean

  /** `isTrimmed`: without white space at its beginning. */
  constructor(
    onGrow: () => void,
    { className = '', isTrimmed = false }: { readonly className?: string; readonly isTrimmed?: boolean } = {},
  ) {
    this.#isTrimmed = isTrimmed
    this.element = element('div', { class: `streamed ${className}` }, this.#node)
    this.#draw = oncePerFrame(() => {
      this.flush()
      onGrow()
    })
  }

  append(text: string): void {
    this.#waiting += text
    if (this.#isTrimmed && this.#node.length === 0) this.#waiting = this.#waiting.trimStart()
    this.#draw()
  }

  /** Shows what waits for a frame. */
  flush(): void {
    if (this.#waiting !== '') this.#node.appendData(this.#waiting)
    this.#waiting = ''
  }

  /** Replaces all of it. */
  set(text: string): void {
    this.#waiting = ''
    this.#node.data = text
  }
}
