import { element, labelled } from './dom.js'
import type { ModelStatus } from './status.js'

/** A setting is not valid. */
export class SettingError extends Error {
  readonly field: HTMLElement

  constructor(message: string, field: HTMLElement) {
    super(message)
    this.field = field
  }
}

/** Numbers that a request has only if they are given. */
const NUMBERS = {
  temperature: { label: 'Temperature', min: 0, step: 0.1 },
  top_p: { label: 'Top-p', min: 0, max: 1, step: 0.05 },
  max_tokens: { label: 'Most tokens of a reply', min: 1, step: 1 },
  seed: { label: 'Seed', min: 0, step: 1 },
} as const

const PLACEHOLDER = '{ "top_k": 40, "tools": [ … ] }'

/** What requests of the chat have besides messages. */
export class Settings {
  readonly element: HTMLElement
  readonly #model = element('select')
  readonly #system = element('textarea', { rows: 2 })
  readonly #numbers: ReadonlyMap<string, HTMLInputElement>
  readonly #more = element('textarea', {
    rows: 3,
    class: 'code',
    spellcheck: 'false',
    placeholder: PLACEHOLDER,
  })

  constructor() {
    const numbers = Object.entries(NUMBERS).map(([name, { label, ...range }]) => {
      const input = element('input', { type: 'number', placeholder: 'default', ...range })
      return { name, input, field: labelled(label, input) }
    })
    this.#numbers = new Map(numbers.map(({ name, input }) => [name, input]))
    this.element = element(
      'details',
      { class: 'card settings', open: matchMedia('(min-width: 60rem)').matches },
      element('summary', {}, 'Settings of the chat'),
      labelled('Model', this.#model),
      labelled('System message', this.#system),
      ...numbers.map(({ field }) => field),
      labelled('More fields of the request, as JSON', this.#more),
    )
  }

  /** Offers these models, and keeps the one that is selected. */
  showModels(models: readonly ModelStatus[]): void {
    const names = models.map(({ name }) => name)
    const shown = Array.from(this.#model.options, ({ value }) => value)
    if (names.length === shown.length && names.every((name, i) => name === shown[i])) return
    const selected = this.#model.value
    this.#model.replaceChildren(...names.map((name) => element('option', { value: name }, name)))
    if (names.includes(selected)) this.#model.value = selected
  }

  get systemMessage(): string {
    return this.#system.value.trim()
  }

  /** The fields of a request. Throws `SettingError`. */
  get fields(): Readonly<Record<string, unknown>> {
    const fields: Record<string, unknown> = {}
    if (this.#model.value !== '') fields.model = this.#model.value
    for (const [name, input] of this.#numbers) {
      if (!input.validity.valid) throw new SettingError(`${input.validationMessage}`, input)
      if (input.value !== '') fields[name] = input.valueAsNumber
    }
    return { ...fields, ...this.#moreFields() }
  }

  #moreFields(): object {
    const text = this.#more.value.trim()
    if (text === '') return {}
    try {
      const fields = JSON.parse(text)
      if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields
    } catch (error) {
      throw new SettingError(`The fields are not valid JSON: ${(error as Error).message}`, this.#more)
    }
    throw new SettingError('The fields must be a JSON object.', this.#more)
  }
}
