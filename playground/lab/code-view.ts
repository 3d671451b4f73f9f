import { button, element } from '../app/dom.js'

/** Code with a button that copies it. */
export class CodeView {
  readonly element: HTMLElement
  readonly #code = element('code', {
    class: 'code',
    tabindex: 0,
    role: 'group',
    'aria-label': 'Parameters as code',
  })

  /** `announce` says that it has been copied. */
  constructor(announce: (text: string) => void) {
    const copy = button(
      'Copy',
      () => {
        const said = (text: string) => {
          copy.textContent = text
          announce(text)
          setTimeout(() => {
            copy.textContent = 'Copy'
          }, 1500)
        }
        this.#copy().then(
          () => said('Copied'),
          () => said('Press Ctrl+C'),
        )
      },
      { class: 'is-small' },
    )
    this.element = element('div', { class: 'lab-code' }, element('pre', {}, this.#code), copy)
  }

  set text(text: string) {
    if (this.#code.textContent !== text) this.#code.textContent = text
  }

  /** Selects it too, for browsers that do not let pages write to the clipboard. */
  async #copy(): Promise<void> {
    getSelection()?.selectAllChildren(this.#code)
    await navigator.clipboard.writeText(this.#code.textContent)
  }
}
