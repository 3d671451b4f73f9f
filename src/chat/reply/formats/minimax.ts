import type { ToolDialect } from '../dialect.js'
import { type TagStyle, taggedCalls } from './tagged-calls.js'

const STYLE: TagStyle = {
  outer: { open: '<minimax:tool_call>', close: '</minimax:tool_call>' },
  call: { open: '<invoke name=', close: '</invoke>' },
  parameter: { open: '<parameter name=', close: '</parameter>' },
}

/** MiniMax M2's tool calls: `<minimax:tool_call><invoke name="…"><parameter name="key">value</parameter></invoke>…`. */
export const MINIMAX: ToolDialect<'minimax'> = {
  ...taggedCalls('minimax', STYLE),
  detect: (template) => template.includes('<minimax:tool_call>'),
}
