import type { TokenId, Tokenizer } from 'dasllama'
import type { ExplainedStep, SamplingExplanation } from 'dasllama/sampling'
import { element } from '../app/dom.js'
import { whole } from '../app/format.js'
import { shareText } from './share-text.js'
import { stepLabel } from './step-label.js'
import { TokenLabels } from './token-label.js'

/** Rows that are shown. */
const ROWS = 20

/** Ends of the scale: the smallest that holds the longest bar. */
const SCALES = [0.05, 0.1, 0.25, 0.5, 1]

/** What a row shows. */
interface RowValues {
  readonly before: number
  readonly after: number
  readonly removedBy: string | undefined
  readonly scale: number
  readonly isChosen: boolean
}

/**
 * The most likely tokens as bars: what the model says as a mark, and what the chain made of it as a bar. Arrow keys move between
 * them.
 */
export class DistributionView {
  readonly element: HTMLElement
  readonly #list = element('ol', { class: 'lab-bars' })
  readonly #rest = element('p', { class: 'lab-rest' })
  readonly #scale = element('div', { class: 'lab-scale', 'aria-hidden': 'true' })
  readonly #rows = new Map<TokenId, Row>()
  readonly #onPick: (id: TokenId) => void
  #labels: TokenLabels | undefined
  #shownScale = 0

  /** `onPick` is called with the token of a row. */
  constructor({ label, onPick }: { readonly label: string; readonly onPick: (id: TokenId) => void }) {
    this.#onPick = onPick
    this.#list.setAttribute('aria-label', label)
    this.element = element('div', { class: 'lab-distribution' }, this.#scale, this.#list, this.#rest)
    this.#list.addEventListener('keydown', (event) => this.#move(event))
  }

  set tokenizer(tokenizer: Tokenizer | undefined) {
    this.#labels = tokenizer && new TokenLabels(tokenizer)
    this.#rows.clear()
    this.#list.replaceChildren()
  }

  /** `chosen`: the token that was chosen here, shown even if it is unlikely. */
  update({ before, after, steps }: SamplingExplanation, chosen: TokenId | undefined): void {
    const ids = before.top(ROWS).map(({ id }) => id)
    if (chosen !== undefined && !ids.includes(chosen)) ids.push(chosen)
    const shares = ids.map((id) => ({ id, before: before.probability(id), after: after.probability(id) }))
    const longest = Math.max(...shares.map((share) => Math.max(share.before, share.after)))
    const scale = SCALES.find((end) => longest <= end) ?? 1
    this.#showScale(scale)
    this.#remove(new Set(ids))
    shares.forEach((share, i) => {
      const row = this.#row(share.id, i)
      const removedBy = after.has(share.id) ? undefined : removerOf(share.id, steps)
      row.update({ ...share, removedBy, scale, isChosen: share.id === chosen })
    })
    this.#makeReachable()
    const sum = (of: 'before' | 'after') => shares.reduce((total, share) => total + share[of], 0)
    const count = before.size - ids.length
    this.#rest.textContent =
      count > 0
        ? `${whole(count)} other tokens: ${shareText(Math.max(0, 1 - sum('before')))} → ${shareText(Math.max(0, 1 - sum('after')))}`
        : ''
  }

  clear(): void {
    this.#remove(new Set())
    this.#rest.textContent = ''
  }

  /** Puts the focus on a row. */
  focus(): void {
    this.#list.querySelector<HTMLElement>('button[tabindex="0"]')?.focus()
  }

  #row(id: TokenId, at: number): Row {
    let row = this.#rows.get(id)
    if (!row) {
      row = new Row(id, this.#labels!, () => this.#onPick(id))
      this.#rows.set(id, row)
    }
    const { children } = this.#list
    if (children[at] !== row.element) this.#list.insertBefore(row.element, children[at] ?? null)
    return row
  }

  #remove(wanted: ReadonlySet<TokenId>): void {
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue
      row.element.remove()
      this.#rows.delete(id)
    }
  }

  #showScale(end: number): void {
    if (end === this.#shownScale) return
    this.#shownScale = end
    const ticks = [0, 0.5, 1].map((share) => element('span', {}, `${+(share * end * 100).toFixed(1)} %`))
    const columns = ['model', 'chain'].map((name) => element('span', {}, name))
    this.#scale.replaceChildren(
      element('span', { class: 'lab-ticks' }, ...ticks),
      element('span', { class: 'lab-values' }, ...columns),
    )
  }

  #buttons(): HTMLButtonElement[] {
    return [...this.#list.querySelectorAll('button')]
  }

  /** The tab key reaches one row: the focused one, or the first. */
  #makeReachable(): void {
    const buttons = this.#buttons()
    const reached = buttons.find((each) => each === document.activeElement) ?? buttons[0]
    for (const each of buttons) each.tabIndex = each === reached ? 0 : -1
  }

  #move(event: KeyboardEvent): void {
    const buttons = this.#buttons()
    const at = buttons.indexOf(event.target as HTMLButtonElement)
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (at < 0 || to === undefined || !buttons[to]) return
    event.preventDefault()
    buttons[to].focus()
    this.#makeReachable()
  }
}

/** The first step after which a token is missing. */
function removerOf(id: TokenId, steps: readonly ExplainedStep[]): string | undefined {
  const step = steps.find(({ after }) => !after.has(id))
  return step && stepLabel(step.name)
}

class Row {
  readonly element = element('li', { class: 'lab-bar' })
  readonly #button: HTMLButtonElement
  readonly #fill = element('span', { class: 'lab-fill' })
  readonly #mark = element('span', { class: 'lab-mark' })
  readonly #before = element('span', { class: 'lab-before' })
  readonly #after = element('span', { class: 'lab-after' })
  /** What screen readers say instead: the token without signs, and its probabilities in words. */
  readonly #spoken = element('span', { class: 'visually-hidden' })
  readonly #name: string

  constructor(id: TokenId, labels: TokenLabels, onPick: () => void) {
    this.#name = labels.spoken(id)
    const label = labels.visible(id)
    const track = element('span', { class: 'lab-track' }, this.#fill, this.#mark)
    const values = element('span', { class: 'lab-values' }, this.#before, this.#after)
    for (const part of [label, track, values]) part.ariaHidden = 'true'
    this.#button = element(
      'button',
      { type: 'button', class: 'plain lab-bar-button', 'data-id': id },
      label,
      track,
      values,
      this.#spoken,
    )
    this.#button.addEventListener('click', onPick)
    this.element.append(this.#button)
  }

  update({ before, after, removedBy, scale, isChosen }: RowValues): void {
    this.#fill.style.setProperty('--share', String(after / scale))
    this.#mark.style.setProperty('--share', String(before / scale))
    setText(this.#before, shareText(before))
    setText(this.#after, removedBy ?? shareText(after))
    this.element.classList.toggle('is-removed', removedBy !== undefined)
    this.element.classList.toggle('is-chosen', isChosen)
    const result = removedBy === undefined ? `${shareText(after)} after the chain` : `removed by ${removedBy}`
    setText(this.#spoken, `${this.#name}: ${shareText(before)}, ${result}`)
    if (isChosen) this.#button.setAttribute('aria-current', 'true')
    else this.#button.removeAttribute('aria-current')
  }
}

function setText(of: HTMLElement, text: string): void {
  if (of.textContent !== text) of.textContent = text
}
