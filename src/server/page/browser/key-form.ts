import { element, labelled } from './dom.js'
import type { Server } from './server.js'

/** Asks for the API key when the server wants one. */
export class KeyForm {
  readonly element: HTMLFormElement
  readonly #input = element('input', {
    type: 'password',
    autocomplete: 'off',
    spellcheck: 'false',
    required: true,
  })
  readonly #message = element('p', { role: 'status' })

  constructor(server: Server, onKey: () => void) {
    this.element = element(
      'form',
      { class: 'notice key-form', hidden: true, 'aria-label': 'Access' },
      this.#message,
      element(
        'div',
        { class: 'row' },
        labelled('API key', this.#input),
        element('button', { type: 'submit', class: 'is-primary' }, 'Use this key'),
      ),
      element('p', { class: 'quiet' }, 'It is kept until this tab is closed.'),
    )
    this.element.addEventListener('submit', (event) => {
      event.preventDefault()
      server.key = this.#input.value.trim()
      this.#input.value = ''
      onKey()
    })
  }

  ask(message: string): void {
    this.#message.textContent = `${message.charAt(0).toUpperCase()}${message.slice(1)}.`
    if (!this.element.hidden) return
    this.element.hidden = false
    this.#input.focus()
  }

  close(): void {
    this.element.hidden = true
  }
}
