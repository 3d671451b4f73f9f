import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<|START_ACTION|>'
const CLOSE = '<|END_ACTION|>'
const MARKERS = [OPEN, CLOSE]

/** Command R7B's tool calls: `<|START_ACTION|>[{"tool_call_id": "0", "tool_name": …, "parameters": {…}}]<|END_ACTION|>`. */
export const COHERE: ToolDialect<'cohere'> = {
  name: 'cohere',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) => new JsonCallsReader(calls, content, { open: OPEN, close: CLOSE }, MARKERS),
}
