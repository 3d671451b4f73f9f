import type { ToolDialect } from '../dialect.js'
import { keyedCalls } from './keyed-calls.js'

/** The template appends this to the name of each tag. */
const SUFFIX = ':opensource'

const tag = (name: string) => ({ open: `<${name}${SUFFIX}>`, close: `</${name}${SUFFIX}>` })

/**
 * Hunyuan 3's tool calls: those of `glm` with a separator after the name, within `<tool_calls:opensource>`, and with that suffix
 * in every tag: `<tool_call:opensource>name<tool_sep:opensource><arg_key:opensource>…`.
 */
export const HUNYUAN: ToolDialect<'hunyuan'> = {
  ...keyedCalls('hunyuan', {
    call: tag('tool_call'),
    key: tag('arg_key'),
    value: tag('arg_value'),
    separator: `<tool_sep${SUFFIX}>`,
    section: tag('tool_calls'),
  }),
  detect: (template) => template.includes(SUFFIX) && /<arg_key(\{\}|:opensource)>/.test(template),
}
