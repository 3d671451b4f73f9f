import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = '<TOOLCALL>'
const CLOSE = '</TOOLCALL>'
const MARKERS = [OPEN, CLOSE]

/** Nemotron Nano 2's tool calls: `<TOOLCALL>[{"name": …, "arguments": {…}}, …]</TOOLCALL>`. */
export const NEMOTRON: ToolDialect<'nemotron'> = {
  name: 'nemotron',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) => new JsonCallsReader(calls, content, { open: OPEN, close: CLOSE }, MARKERS),
}
