import type { MalformedReason } from 'dasllama'
import { textField } from '../app/controls.js'
import { element } from '../app/dom.js'
import { StreamedText } from '../app/streamed-text.js'

/** A tool call of the model, and its result. */
export class CallView {
  readonly element = element('div', { class: 'tool-call' })
  readonly #name: HTMLElement
  readonly #arguments: StreamedText
  readonly #notes = element('div', { class: 'stack is-tight' })

  constructor(name: string, onGrow: () => void) {
    this.#name = element('p', { class: 'tool-name' }, 'Calls ', element('code', {}, name))
    this.#arguments = new StreamedText(onGrow, { className: 'code' })
    this.element.append(this.#name, this.#arguments.element, this.#notes)
  }

  appendArguments(text: string): void {
    this.#arguments.append(text)
  }

  showArguments(of: Readonly<Record<string, unknown>>, problems: readonly string[] = []): void {
    this.#arguments.set(JSON.stringify(of, null, 2))
    this.#notes.append(
      ...problems.map((problem) => element('p', { class: 'hint' }, `Not as defined: ${problem}.`)),
    )
  }

  showMalformed(text: string, reason: MalformedReason): void {
    this.#name.textContent = `Not a valid call: ${reason.replaceAll('-', ' ')}`
    this.#arguments.set(text)
  }

  showResult(value: unknown): void {
    const shown = typeof value === 'string' ? value : JSON.stringify(value)
    this.#notes.append(
      element(
        'p',
        { class: 'tool-result' },
        element('span', { class: 'quiet' }, 'Result '),
        element('code', {}, shown),
      ),
    )
  }

  /** Asks the user for the result of a tool that the page does not have. Rejects with the signal's reason. */
  askForResult(signal: AbortSignal): Promise<string> {
    const field = textField({ label: 'The page cannot run this tool. What is its result?', isCode: true })
    const form = element(
      'form',
      { class: 'stack is-tight' },
      field.element,
      element('div', {}, element('button', { type: 'submit', class: 'is-small' }, 'Give the result')),
    )
    this.#notes.append(form)
    field.input.focus()
    return new Promise<string>((resolve, reject) => {
      if (signal.aborted) reject(signal.reason)
      form.addEventListener('submit', (event) => {
        event.preventDefault()
        resolve(field.value)
      })
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    }).finally(() => form.remove())
  }
}
