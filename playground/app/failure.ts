import { DasllamaError } from 'dasllama'
import { element } from './dom.js'

/** What went wrong and what to do about it. */
export function failure(error: unknown): HTMLElement {
  const made = element('div', { class: 'failure', role: 'alert' }, element('p', {}, messageOf(error)))
  if (error instanceof DasllamaError && error.hint) made.append(element('p', { class: 'hint' }, error.hint))
  return made
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
