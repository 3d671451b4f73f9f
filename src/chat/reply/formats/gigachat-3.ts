import { NO_MARKERS } from '../machine.js'
import type { SectionedFormat } from '../sections.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<|message_sep|>'
const END = '<|role_sep|>'
const OPENS = [OPEN]
const CALL = 'function call'
const CONTENT = 'assistant'

/**
 * GigaChat 3.0's replies: content, and a call as a message of its own role:
 * `<|message_sep|>\n\nfunction call<|role_sep|>\n{"name": …, "arguments": {…}}`.
 */
export const GIGACHAT_3: SectionedFormat<'gigachat-3'> = {
  name: 'gigachat-3',
  detect: (template) =>
    template.includes(OPEN) && template.includes(END) && !template.includes('<|function_call|>'),
  sections: {
    opens: OPENS,
    ends: [END],
    closes: NO_MARKERS,
    beginsInHeader: false,
    mayBegin: (text) => [CALL, CONTENT].some((role) => role.startsWith(text.trim())),
    route: ({ text }, calls) => {
      if (text.trim() === CONTENT) return 'content'
      if (text.trim() !== CALL || !calls.isEnabled) return undefined
      return (raw, content) => new JsonCallsReader(calls, content, { open: OPEN }, OPENS, raw)
    },
  },
}
