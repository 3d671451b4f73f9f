import { element, uniqueId } from './dom.js'

export interface TabPage {
  readonly id: string
  readonly label: string
  readonly panel: HTMLElement
}

/**
 * A list of tabs, of which one is shown: arrow keys, Home and End move between them. The caller puts the panels into the page.
 * `onSelect` is called for the first one, too.
 */
export function tabs({
  label,
  pages,
  selected = pages[0].id,
  onSelect,
}: {
  readonly label: string
  readonly pages: readonly TabPage[]
  readonly selected?: string
  readonly onSelect?: (id: string) => void
}): { readonly element: HTMLElement; select(id: string): void } {
  const list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': label })
  const handles = pages.map(({ id, label: name, panel }) => {
    panel.id ||= uniqueId(`panel-${id}`)
    const handle = element(
      'button',
      { type: 'button', role: 'tab', id: uniqueId(`tab-${id}`), 'aria-controls': panel.id },
      name,
    )
    panel.setAttribute('role', 'tabpanel')
    panel.setAttribute('aria-labelledby', handle.id)
    handle.addEventListener('click', () => select(id))
    return handle
  })
  list.append(...handles)

  function select(id: string): void {
    const at = Math.max(
      0,
      pages.findIndex((page) => page.id === id),
    )
    for (const [i, { panel }] of pages.entries()) {
      const isSelected = i === at
      handles[i].setAttribute('aria-selected', String(isSelected))
      handles[i].tabIndex = isSelected ? 0 : -1
      panel.hidden = !isSelected
    }
    onSelect?.(pages[at].id)
  }

  list.addEventListener('keydown', (event) => {
    const at = handles.indexOf(event.target as HTMLButtonElement)
    const next = nextOf(event.key, at, handles.length)
    if (at < 0 || next === undefined) return
    event.preventDefault()
    select(pages[next].id)
    handles[next].focus()
  })
  select(selected)
  return { element: list, select }
}

function nextOf(key: string, at: number, count: number): number | undefined {
  if (key === 'ArrowRight') return (at + 1) % count
  if (key === 'ArrowLeft') return (at + count - 1) % count
  if (key === 'Home') return 0
  if (key === 'End') return count - 1
  return undefined
}
