import type { TokenId, Tokenizer } from 'dasllama'
import { element } from '../app/dom.js'
import type { ChosenToken } from './branch.js'
import { shareText } from './share-text.js'
import { TokenLabels } from './token-label.js'

/** What is shown. */
export interface Strip {
  readonly prompt: readonly TokenId[]
  readonly tokens: readonly ChosenToken[]
  /** An index into `tokens`, or their number for the place after them. */
  readonly selected: number
  /** The token that ended the text. */
  readonly end: TokenId | undefined
}

/** The prompt and the tokens after it, coloured by their probability. Arrow keys select one. */
export class TokenStrip {
  readonly element: HTMLElement
  readonly #prompt = element('span', { class: 'lab-prompt' })
  readonly #list: HTMLElement
  readonly #next = element('span', { class: 'lab-next', role: 'option', 'aria-label': 'next token' })
  readonly #end = element('span', { class: 'lab-end' })
  readonly #onSelect: (index: number) => void
  #labels: TokenLabels | undefined
  /** What the elements show, in their order. */
  #tokens: readonly ChosenToken[] = []
  #shownPrompt: readonly TokenId[] | undefined

  /** `onSelect` is called with an index, `onEnter` where the arrow down leads: to the alternatives. */
  constructor({
    onSelect,
    onEnter,
  }: { readonly onSelect: (index: number) => void; readonly onEnter: () => void }) {
    this.#onSelect = onSelect
    this.#list = element(
      'span',
      {
        class: 'lab-tokens',
        role: 'listbox',
        tabindex: 0,
        'aria-label': 'Generated tokens',
        'aria-orientation': 'horizontal',
      },
      this.#next,
    )
    this.element = element('div', { class: 'lab-strip' }, this.#prompt, this.#list, this.#end)
    this.#list.addEventListener('click', (event) => {
      const token = (event.target as Element).closest('[role="option"]')
      if (token) this.#onSelect([...this.#list.children].indexOf(token))
    })
    this.#list.addEventListener('keydown', (event) => {
      const at = this.#selected
      const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: this.#tokens.length }[event.key]
      if (event.key === 'ArrowDown' || event.key === 'Enter') onEnter()
      else if (to === undefined) return
      else if (to >= 0 && to <= this.#tokens.length) this.#onSelect(to)
      event.preventDefault()
    })
  }

  #selected = 0

  set tokenizer(tokenizer: Tokenizer | undefined) {
    this.#labels = tokenizer && new TokenLabels(tokenizer)
    this.#shownPrompt = undefined
    this.#tokens = []
    this.#list.replaceChildren(this.#next)
    this.#prompt.replaceChildren()
  }

  update({ prompt, tokens, selected, end }: Strip): void {
    const labels = this.#labels
    if (!labels) return
    if (prompt !== this.#shownPrompt) {
      this.#shownPrompt = prompt
      this.#prompt.replaceChildren(...prompt.map((id) => labels.running(id)))
    }
    let same = 0
    while (same < tokens.length && tokens[same] === this.#tokens[same]) same++
    for (const stale of [...this.#list.children].slice(same, this.#tokens.length)) stale.remove()
    for (const token of tokens.slice(same)) this.#next.before(this.#option(token, labels))
    this.#tokens = [...tokens]
    this.#end.replaceChildren(...(end === undefined ? [] : [labels.visible(end)]))
    this.#next.hidden = end !== undefined && selected < tokens.length
    this.#select(selected)
  }

  #option(token: ChosenToken, labels: TokenLabels): HTMLElement {
    const made = labels.running(token.id)
    made.classList.add('lab-token')
    made.classList.toggle('is-by-hand', token.drawn === undefined)
    made.style.setProperty('--doubt', String(doubt(token.probability)))
    made.setAttribute('role', 'option')
    made.dataset.id = String(token.id)
    made.id = `lab-token-${count++}`
    const { id, probability, drawn } = token
    const how = drawn === undefined ? 'chosen by hand' : `drawn with ${shareText(drawn)}`
    const spoken = `${labels.spoken(id)}, ${shareText(probability)}, ${how}`
    made.setAttribute('aria-label', spoken)
    made.title = spoken
    return made
  }

  #select(selected: number): void {
    this.#selected = selected
    this.#next.id ||= `lab-token-${count++}`
    for (const [i, token] of [...this.#list.children].entries()) {
      const isSelected = i === selected
      if ((token.getAttribute('aria-selected') === 'true') === isSelected) continue
      token.setAttribute('aria-selected', String(isSelected))
    }
    this.#list.setAttribute('aria-activedescendant', this.#list.children[selected].id)
  }
}

let count = 0

/** 0 for a certain token, 1 for one of a thousandth or less. */
export function doubt(probability: number): number {
  return Math.min(1, Math.max(0, -Math.log10(Math.max(probability, 1e-9)) / 3))
}
