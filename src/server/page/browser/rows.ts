import { element, setText } from './dom.js'

/** A row that is kept while what it shows changes, so that the focus stays where it is. */
export interface Row<T> {
  readonly element: HTMLTableRowElement
  show(item: T): void
}

/** A table with a row for each of some items, which keep their rows. */
export class Rows<T> {
  readonly element: HTMLElement
  readonly #rows = new Map<string, Row<T>>()
  readonly #body = element('tbody')
  readonly #empty: HTMLElement
  readonly #make: (item: T) => Row<T>

  /** `label` names the table; `empty` is shown instead of rows. */
  constructor(label: string, columns: readonly string[], empty: string, make: (item: T) => Row<T>) {
    this.#make = make
    const heads = columns.map((column) => element('th', { scope: 'col' }, column))
    const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), this.#body)
    this.#empty = element('p', { class: 'quiet' }, empty)
    // Wider than a phone, so it scrolls, which must be possible with the keyboard too.
    const scrolled = element(
      'div',
      { class: 'scrolled', tabindex: 0, role: 'region', 'aria-label': label },
      table,
    )
    this.element = element('div', { class: 'card' }, scrolled, this.#empty)
  }

  show(items: ReadonlyMap<string, T>): void {
    for (const [key, row] of this.#rows) {
      if (items.has(key)) continue
      row.element.remove()
      this.#rows.delete(key)
    }
    for (const [key, item] of items) {
      let row = this.#rows.get(key)
      if (!row) {
        row = this.#make(item)
        this.#rows.set(key, row)
        this.#body.append(row.element)
      }
      row.show(item)
    }
    this.#empty.hidden = items.size > 0
  }
}

/** A row of texts, the first of which names it. */
export class TextRow<T> implements Row<T> {
  readonly element = element('tr')
  readonly #cells: readonly HTMLTableCellElement[]
  readonly #read: (item: T) => readonly string[]

  constructor(item: T, read: (item: T) => readonly string[]) {
    this.#read = read
    this.#cells = read(item).map((_, i) => (i === 0 ? element('th', { scope: 'row' }) : element('td')))
    this.element.append(...this.#cells)
  }

  show(item: T): void {
    for (const [i, text] of this.#read(item).entries()) setText(this.#cells[i], text)
  }
}
