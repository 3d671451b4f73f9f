import type { ToolDialect } from '../dialect.js'
import { SectionCallsReader, type SectionStyle } from './section-calls.js'

const STYLE: SectionStyle = {
  section: { open: '<|tool_calls|>', close: '<|calls|>' },
  call: { open: '<|tool_call:begin|>', close: '<|tool_call:end|>' },
  separators: ['<|tool_call:name|>', '<|tool_call:args|>'],
  heading: ([id, name = '']) => ({ name, id }),
}
const { section, call, separators } = STYLE
const MARKERS = [section.open, section.close, call.open, call.close, ...separators]

/**
 * Solar Open's tool calls: `<|tool_calls|>`, then for each
 * `<|tool_call:begin|>id<|tool_call:name|>name<|tool_call:args|>{…}<|tool_call:end|>`, then `<|calls|>`.
 */
export const SOLAR: ToolDialect<'solar'> = {
  name: 'solar',
  opens: [section.open, call.open],
  detect: (template) => template.includes(call.open),
  reader: (calls, marker) => new SectionCallsReader(calls, STYLE, MARKERS, marker),
}
