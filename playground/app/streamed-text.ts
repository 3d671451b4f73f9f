import { element, oncePerFrame } from './dom.js'

/** Text that grows: what has arrived is appended once per frame, and nothing is drawn twice. */
export class StreamedText {
  readonly element: HTMLElement
  readonly #node = document.createTextNode('')
  readonly #draw: () => void
  #waiting = ''

  constructor(onGrow: () => void, className = 'streamed') {
    this.element = element('div', { class: className }, this.#node)
    this.#draw = oncePerFrame(() => {
      this.flush()
      onGrow()
    })
  }

  append(text: string): void {
    this.#waiting += text
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
