import type { Model } from 'dasllama'
import { button, element } from '../app/dom.js'
import type { NamedBranch } from './story.js'

/** Characters of a branch's end that are shown. */
const TAIL = 48

/** The branches that have been tried, as buttons that go back to them. */
export class BranchList {
  readonly element = element('div', { class: 'lab-branches', role: 'group', 'aria-label': 'Branches' })
  readonly #onShow: (branch: NamedBranch) => void
  readonly #onRemove: (branch: NamedBranch) => void
  readonly #rows = new Map<NamedBranch, { element: HTMLElement; update(isCurrent: boolean): void }>()

  constructor({
    onShow,
    onRemove,
  }: {
    readonly onShow: (branch: NamedBranch) => void
    readonly onRemove: (branch: NamedBranch) => void
  }) {
    this.#onShow = onShow
    this.#onRemove = onRemove
  }

  update(branches: readonly NamedBranch[], current: NamedBranch | undefined, model: Model): void {
    // One branch is nothing to choose from.
    this.element.hidden = branches.length < 2
    for (const [branch, row] of this.#rows) {
      if (branches.includes(branch)) continue
      row.element.remove()
      this.#rows.delete(branch)
    }
    for (const branch of branches) {
      let row = this.#rows.get(branch)
      if (!row) {
        row = this.#row(branch, model)
        this.#rows.set(branch, row)
        this.element.append(row.element)
      }
      row.update(branch === current)
    }
  }

  #row(named: NamedBranch, model: Model) {
    const { name, branch, from } = named
    const origin = from ? `from ${from.name}, token ${from.index + 1}` : `seed ${branch.seed}`
    const tail = element('span', { class: 'lab-branch-tail' })
    const show = element(
      'button',
      { type: 'button', class: 'plain lab-branch' },
      element('span', { class: 'lab-branch-name' }, name),
      tail,
      element('span', { class: 'quiet' }, origin),
    )
    show.addEventListener('click', () => this.#onShow(named))
    const remove = button('×', () => this.#onRemove(named), {
      class: 'plain lab-remove',
      'aria-label': `Remove branch ${name}`,
      title: `Remove branch ${name}`,
    })
    let shownLength = -1
    return {
      element: element('div', { class: 'lab-branch-row' }, show, remove),
      update(isCurrent: boolean) {
        show.setAttribute('aria-pressed', String(isCurrent))
        if (branch.tokens.length === shownLength) return
        shownLength = branch.tokens.length
        const text = model.decode(branch.ids).replace(/\s+/g, ' ')
        tail.textContent = text.length > TAIL ? `…${text.slice(-TAIL)}` : text || '(nothing yet)'
      },
    }
  }
}
