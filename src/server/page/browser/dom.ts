/** Small helpers to make elements. Text is always set as text, never parsed as HTML. */

/** `true` is an attribute without value; `false` and `undefined` leave it out. */
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** A new element: `element('p', { class: 'quiet' }, 'Hello')`. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : String(value))
  }
  made.append(...children)
  return made
}

export function button(label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label)
  made.addEventListener('click', onClick)
  return made
}

/** Changes a text only if it differs, so that a selection in it stays. */
export function setText(of: Element, text: string): void {
  if (of.textContent !== text) of.textContent = text
}

/** A section with a heading, which names it. */
export function section(id: string, title: string, ...children: readonly Node[]): HTMLElement {
  const heading = element('h2', { id: `${id}-title` }, title)
  return element('section', { id, 'aria-labelledby': heading.id }, heading, ...children)
}

let fields = 0

/** A field with its label above it. */
export function labelled<T extends HTMLElement>(label: string, field: T): HTMLElement {
  fields++
  field.id = `field-${fields}`
  return element('div', { class: 'field' }, element('label', { for: field.id }, label), field)
}
