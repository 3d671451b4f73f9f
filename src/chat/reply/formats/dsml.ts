import type { ToolDialect } from '../dialect.js'
import { TaggedCallsReader, type TagStyle } from './tagged-calls.js'

const MARK = '｜DSML｜'
const OUTER = ['function_calls', 'tool_calls'] as const

/** V3.2 calls the outer tag `function_calls`, V4 `tool_calls`. */
const STYLES = OUTER.map(
  (name): TagStyle => ({
    outer: { open: `<${MARK}${name}>`, close: `</${MARK}${name}>` },
    call: { open: `<${MARK}invoke name=`, close: `</${MARK}invoke>` },
    parameter: { open: `<${MARK}parameter name=`, close: `</${MARK}parameter>` },
    namesTypes: true,
  }),
)

/**
 * DeepSeek's tool calls from V3.2 on: `<｜DSML｜function_calls><｜DSML｜invoke name="…"><｜DSML｜parameter name="key"
 * string="true">value</｜DSML｜parameter>…`, where `string` specifies whether a value is a string or JSON.
 */
export const DSML: ToolDialect<'dsml'> = {
  name: 'dsml',
  opens: [...STYLES.map(({ outer }) => outer?.open ?? ''), STYLES[0].call.open],
  syntax: { kind: 'tagged', style: STYLES[0], others: [STYLES[1]] },
  detect: (template) => template.includes(MARK),
  reader: (calls, marker, content) =>
    new TaggedCallsReader(
      calls,
      content,
      STYLES.find(({ outer }) => outer?.open === marker) ?? STYLES[0],
      marker,
    ),
}
