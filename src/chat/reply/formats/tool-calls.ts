import type { ToolDialect } from '../dialect.js'
import { jsonCalls } from './json-calls.js'

const OPEN = '<tool_calls>'
const CLOSE = '</tool_calls>'

/** Tool calls of Apriel and MiniMax M1: `<tool_calls>[{"name": …, "arguments": {…}}, …]</tool_calls>`, or one per line. */
export const TOOL_CALLS: ToolDialect<'tool-calls'> = {
  ...jsonCalls('tool-calls', { open: OPEN, close: CLOSE }, { list: 'closed' }),
  detect: (template) => template.includes(OPEN) && template.includes(CLOSE),
}
