import { inspectResponseFormat, type ResponseFormat } from 'dasllama'
import { element } from '../app/dom.js'
import { failure } from '../app/failure.js'
import type { FormatKind } from './examples.js'

/** What is wrong with a format, and what of it is not enforced; and the format, if it can be used. */
export function inspected(
  kind: FormatKind,
  source: string,
): { readonly format: ResponseFormat | undefined; readonly notes: readonly HTMLElement[] } {
  try {
    const format: ResponseFormat =
      kind === 'grammar'
        ? { type: 'grammar', grammar: source }
        : { type: 'json_schema', schema: JSON.parse(source) as object | boolean }
    const notices = inspectResponseFormat(format)
    return {
      format,
      notes: notices.map(({ pointer, message }) =>
        element('p', { class: 'notice' }, element('code', {}, pointer), ` ${message}`),
      ),
    }
  } catch (error) {
    return { format: undefined, notes: [failure(error)] }
  }
}
