import type { ToolDialect } from '../dialect.js'
import { JsonCallsReader } from './json-calls.js'

const OPENS = ['Action:\n```json', 'Action: ```json', 'Action:```json']
const CLOSE = '```'
const MARKERS = [...OPENS, CLOSE]

/** Command R+'s tool calls: `Action:`, and a fenced list of `{"tool_name": …, "parameters": {…}}`. */
export const COMMAND_R: ToolDialect<'command-r'> = {
  name: 'command-r',
  opens: OPENS,
  syntax: { kind: 'json', open: OPENS[0], close: CLOSE, list: 'closed', keys: ['tool_name', 'parameters'] },
  detect: (template) => /Action:\s*(\\n)?```json/.test(template),
  reader: (calls, marker, content) =>
    new JsonCallsReader(calls, content, { open: marker, close: CLOSE }, MARKERS),
}
