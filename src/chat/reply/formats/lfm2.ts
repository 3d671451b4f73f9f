import type { ToolDialect } from '../dialect.js'
import { PythonCallsReader } from './python-calls.js'

const OPEN = '<|tool_call_start|>'
const CLOSE = '<|tool_call_end|>'
const MARKERS = [OPEN, CLOSE]

/** LFM2's tool calls, in Python syntax: `<|tool_call_start|>[name(key="text", other=1)]<|tool_call_end|>`. */
export const LFM2: ToolDialect<'lfm2'> = {
  name: 'lfm2',
  opens: [OPEN],
  syntax: { kind: 'python', open: OPEN, close: CLOSE },
  // The first templates contain only the list of tools; 2.5 dropped its markers and introduces it by words.
  detect: (template) =>
    template.includes(OPEN) ||
    template.includes('<|tool_list_start|>') ||
    template.includes('"List of tools: ["'),
  reader: (calls, _, content) => new PythonCallsReader(calls, content, { open: OPEN, close: CLOSE }, MARKERS),
}
