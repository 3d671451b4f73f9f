import type { ToolDialect } from '../dialect.js'
import { type TagStyle, taggedCalls } from './tagged-calls.js'

const STYLE: TagStyle = {
  call: { open: '<function name=', close: '</function>' },
  parameter: { open: '<param name=', close: '</param>' },
  hasCdata: true,
}

/** MiniCPM5's tool calls: `<function name="…"><param name="key">value</param></function>`, some values as CDATA. */
export const MINICPM: ToolDialect<'minicpm'> = {
  ...taggedCalls('minicpm', STYLE),
  detect: (template) => template.includes(STYLE.call.open) && template.includes(STYLE.parameter.open),
}
