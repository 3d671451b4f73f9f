import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPEN = 'functools['
const MARKERS = [OPEN]

/** FireFunction's and Phi-4-mini's tool calls: `functools[{"name": …, "arguments": {…}}, …]`. */
export const FIREFUNCTION: ToolDialect<'firefunction'> = {
  name: 'firefunction',
  opens: [OPEN],
  detect: (template) => template.includes(OPEN),
  reader: (calls, _, content) =>
    new JsonCallsReader(calls, content, { open: OPEN, opensList: true }, MARKERS),
}
