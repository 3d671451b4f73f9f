import type { ToolDialect } from '../dialect.js'
import { type TagStyle, taggedCalls } from './tagged-calls.js'

const STYLE: TagStyle = {
  outer: { open: '<seed:tool_call>', close: '</seed:tool_call>' },
  call: { open: '<function=', otherwise: '<function name=', close: '</function>' },
  parameter: { open: '<parameter=', otherwise: '<parameter name=', close: '</parameter>' },
}

/** Seed-OSS' tool calls: those of `qwen-xml` within `<seed:tool_call>`, with values directly between their tags. */
export const SEED: ToolDialect<'seed'> = {
  ...taggedCalls('seed', STYLE),
  detect: (template) => template.includes('<seed:tool_call>'),
}
