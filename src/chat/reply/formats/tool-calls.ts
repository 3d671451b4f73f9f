import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<tool_calls>'
const CLOSE = '</tool_calls>'
const MARKERS = [OPEN, CLOSE]

/** Calls of Apriel and MiniMax M1: `<tool_calls>[{"name": …, "arguments": {…}}, …]</tool_calls>`, or one a line. */
export const TOOL_CALLS: ToolDialect<'tool-calls'> = {
  name: 'tool-calls',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN) && template.includes(CLOSE),
  reader: (calls, _, content) => new JsonCallsReader(calls, content, { open: OPEN, close: CLOSE }, MARKERS),
}
