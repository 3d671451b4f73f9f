import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const MARKERS = ['<|tool_call|>', '<tool_call>'] as const

/** Granite 3's tool calls: `<|tool_call|>[{"name": …, "arguments": {…}}, …]`, without a closing marker. */
export const GRANITE: ToolDialect<'granite'> = {
  name: 'granite',
  // Granite 3.0 and 3.1 spell it with and without the bars.
  opens: MARKERS,
  syntax: { kind: 'json', open: MARKERS[0], list: 'closed' },
  detect: (template) => template.includes(MARKERS[0]),
  reader: (calls, marker, content) => new JsonCallsReader(calls, content, { open: marker }, MARKERS),
}
