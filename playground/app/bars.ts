/** Horizontal bars that move. */
import { element } from './dom.js'

export interface Bar {
  /** Rows with the same key keep their element, so that its length moves. */
  readonly key: string | number
  readonly label: string
  /** Length, 0 to 1. */
  readonly share: number
  /** What is written at the end: `12.3 %`. */
  readonly value: string
  /** Why it is shown as left out; absent if it is not. */
  readonly removedBy?: string
}

/** A list of bars. `onPick` makes each row a button. */
export function bars({ label, onPick }: { readonly label: string; readonly onPick?: (bar: Bar) => void }): {
  readonly element: HTMLElement
  update(rows: readonly Bar[]): void
} {
  const list = element('ol', { class: 'bars', 'aria-label': label })
  const rows = new Map<Bar['key'], BarRow>()
  return {
    element: list,
    update(next) {
      const wanted = new Set(next.map(({ key }) => key))
      for (const [key, row] of rows) {
        if (wanted.has(key)) continue
        row.element.remove()
        rows.delete(key)
      }
      next.forEach((bar, i) => {
        const row = rows.get(bar.key) ?? new BarRow(onPick)
        rows.set(bar.key, row)
        row.update(bar)
        if (list.children[i] !== row.element) list.insertBefore(row.element, list.children[i] ?? null)
      })
    },
  }
}

class BarRow {
  readonly element = element('li', { class: 'bar' })
  readonly #label = element('span', { class: 'bar-label' })
  readonly #fill = element('span', { class: 'bar-fill', 'aria-hidden': 'true' })
  readonly #value = element('span', { class: 'bar-value' })
  #bar: Bar | undefined

  constructor(onPick: ((bar: Bar) => void) | undefined) {
    const parts = [this.#label, element('span', { class: 'bar-track' }, this.#fill), this.#value]
    if (!onPick) {
      this.element.append(...parts)
      return
    }
    const picker = element('button', { type: 'button', class: 'bar-button' }, ...parts)
    picker.addEventListener('click', () => this.#bar && onPick(this.#bar))
    this.element.append(picker)
  }

  update(bar: Bar): void {
    this.#bar = bar
    if (this.#label.textContent !== bar.label) this.#label.textContent = bar.label
    const value = bar.removedBy === undefined ? bar.value : `${bar.value} · ${bar.removedBy}`
    if (this.#value.textContent !== value) this.#value.textContent = value
    this.#fill.style.setProperty('--share', String(Math.min(1, Math.max(0, bar.share))))
    this.element.classList.toggle('is-removed', bar.removedBy !== undefined)
  }
}
