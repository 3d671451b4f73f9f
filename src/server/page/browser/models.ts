import { button, element, section, setText } from './dom.js'
import { bytes, duration, whole } from './format.js'
import { type Row, Rows, TextRow } from './rows.js'
import { KeyNeeded, type Server } from './server.js'
import type { ModelStatus } from './status.js'

const COLUMNS = ['Model', 'State', 'Memory', 'Context', 'Last used', 'Action']

/** The models, each with a button that loads or unloads it. */
export class ModelsView {
  readonly element: HTMLElement
  readonly #rows: Rows<ModelStatus>
  readonly #failure = element('p', { class: 'failure', role: 'alert', hidden: true })
  readonly #server: Server
  readonly #onChange: () => void

  /** `onChange`: called when a model's state has changed, or the server wants a key. */
  constructor(server: Server, onChange: () => void) {
    this.#server = server
    this.#onChange = onChange
    this.#rows = new Rows('Table of models', COLUMNS, 'There are no models.', (model) => {
      return new ModelRow(model, (name, action) => this.#change(name, action))
    })
    this.element = section('models', 'Models', this.#rows.element, this.#failure)
  }

  show(models: readonly ModelStatus[]): void {
    this.#rows.show(new Map(models.map((model) => [model.name, model])))
  }

  async #change(name: string, action: 'load' | 'unload'): Promise<void> {
    this.#failure.hidden = true
    try {
      const path = `models/${encodeURIComponent(name)}/${action}`
      await this.#server.send(path, { body: {}, signal: new AbortController().signal })
    } catch (error) {
      if (!(error instanceof KeyNeeded)) {
        this.#failure.hidden = false
        this.#failure.textContent = `${name} cannot be ${action}ed: ${(error as Error).message}`
      }
    } finally {
      this.#onChange()
    }
  }
}

class ModelRow implements Row<ModelStatus> {
  readonly element: HTMLTableRowElement
  readonly #texts: TextRow<ModelStatus>
  readonly #button: HTMLButtonElement
  #isPending = false
  #model: ModelStatus

  constructor(model: ModelStatus, change: (name: string, action: 'load' | 'unload') => Promise<void>) {
    this.#model = model
    this.#texts = new TextRow(model, ({ name, state, memory, context, lastUsed }) => {
      const used = lastUsed === undefined ? '–' : `${duration(lastUsed)} ago`
      return [name, state, bytes(memory), whole(context), used]
    })
    this.#button = button('', () => {
      if (this.#isBusy) return
      this.#isPending = true
      this.show(this.#model)
      void change(this.#model.name, this.#action).finally(() => {
        this.#isPending = false
        this.show(this.#model)
      })
    })
    this.element = this.#texts.element
    this.element.append(element('td', {}, this.#button))
  }

  get #isBusy(): boolean {
    return this.#isPending || /^(?:un)?loading$/.test(this.#model.state)
  }

  get #action(): 'load' | 'unload' {
    return this.#model.state === 'ready' ? 'unload' : 'load'
  }

  show(model: ModelStatus): void {
    this.#model = model
    this.#texts.show(model)
    this.element.dataset.state = model.state
    // Not disabled, which would take the focus away.
    this.#button.setAttribute('aria-disabled', String(this.#isBusy))
    setText(this.#button, this.#action === 'load' ? 'Load' : 'Unload')
    this.#button.setAttribute('aria-label', `${this.#button.textContent} ${model.name}`)
  }
}
