import type { ToolDialect } from '../dialect.js'
import { TaggedCallsReader, type TagStyle } from './tagged-calls.js'

const STYLE: TagStyle = {
  outer: { open: '<minimax:tool_call>', close: '</minimax:tool_call>' },
  call: { open: '<invoke name=', close: '</invoke>' },
  parameter: { open: '<parameter name=', close: '</parameter>' },
}

/** MiniMax M2's tool calls: `<minimax:tool_call><invoke name="…"><parameter name="key">value</parameter></invoke>…`. */
export const MINIMAX: ToolDialect<'minimax'> = {
  name: 'minimax',
  opens: ['<minimax:tool_call>', STYLE.call.open],
  detect: (template) => template.includes('<minimax:tool_call>'),
  reader: (calls, marker, content) => new TaggedCallsReader(calls, content, STYLE, marker),
}
