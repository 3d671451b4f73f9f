import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'
const MARKERS = [OPEN, CLOSE]

/**
 * Hermes' tool calls, which Qwen, Granite 4 and many others took over:
 * `<tool_call>{"name": …, "arguments": {…}}</tool_call>`.
 */
export const HERMES: ToolDialect<'hermes'> = {
  name: 'hermes',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) => new JsonCallsReader(calls, content, { open: OPEN, close: CLOSE }, MARKERS),
}
