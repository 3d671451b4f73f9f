import type { ToolDialect } from '../dialect.js'
import { SectionCallsReader, type SectionStyle } from './section-calls.js'

const STYLE: SectionStyle = {
  section: { open: '<|tool_calls_section_begin|>', close: '<|tool_calls_section_end|>' },
  call: { open: '<|tool_call_begin|>', close: '<|tool_call_end|>' },
  separators: ['<|tool_call_argument_begin|>'],
  heading: ([id]) => ({ name: id.replace(/^functions\./, '').replace(/:\d+$/, ''), id }),
}
const { section, call, separators } = STYLE
const MARKERS = [section.open, section.close, call.open, call.close, ...separators]

/**
 * Kimi K2's tool calls: `<|tool_calls_section_begin|>`, then for each
 * `<|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`, then
 * `<|tool_calls_section_end|>`. What stands before the arguments is the call's id.
 */
export const KIMI: ToolDialect<'kimi'> = {
  name: 'kimi',
  opens: [section.open, call.open],
  detect: (template) => template.includes(call.open),
  reader: (calls, marker) => new SectionCallsReader(calls, STYLE, MARKERS, marker),
}
