import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<|function_call|>'
const MARKERS = [OPEN]

/** GigaChat 3.1's tool calls: `<|function_call|>{"name": …, "arguments": {…}}`, which nothing closes. */
export const GIGACHAT: ToolDialect<'gigachat'> = {
  name: 'gigachat',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) => new JsonCallsReader(calls, content, { open: OPEN }, MARKERS),
}
