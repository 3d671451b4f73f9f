import type { ToolDialect } from '../dialect.js'
import { TaggedCallsReader, type TagStyle } from './tagged-calls.js'

const STYLE: TagStyle = {
  outer: { open: '<atem:function_calls>', close: '</atem:function_calls>' },
  call: { open: '<atem:invoke name=', close: '</atem:invoke>' },
  parameter: { open: '<atem:parameter name=', close: '</atem:parameter>' },
}

/** ATEM's tool calls: `<atem:function_calls><atem:invoke name="…"><atem:parameter name="key">value</atem:parameter>…`. */
export const ATEM: ToolDialect<'atem'> = {
  name: 'atem',
  opens: ['<atem:function_calls>', STYLE.call.open],
  detect: (template) => template.includes(STYLE.call.open),
  reader: (calls, marker, content) => new TaggedCallsReader(calls, content, STYLE, marker),
}
