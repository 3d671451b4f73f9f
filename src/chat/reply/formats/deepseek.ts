import type { ToolDialect } from '../dialect.js'
import { SectionCallsReader, type SectionStyle } from './section-calls.js'

const STYLE: SectionStyle = {
  section: { open: '<｜tool▁calls▁begin｜>', close: '<｜tool▁calls▁end｜>' },
  call: { open: '<｜tool▁call▁begin｜>', close: '<｜tool▁call▁end｜>' },
  separators: ['<｜tool▁sep｜>'],
  heading: ([first, second = '']) => ({ name: second || first }),
}
const { section, call, separators } = STYLE
const MARKERS = [section.open, section.close, call.open, call.close, ...separators]

/**
 * DeepSeek's tool calls: `<｜tool▁calls▁begin｜>`, then for each `<｜tool▁call▁begin｜>function<｜tool▁sep｜>name`, a
 * fenced block of JSON (V3.1: `name<｜tool▁sep｜>{…}`) and `<｜tool▁call▁end｜>`, then `<｜tool▁calls▁end｜>`.
 */
export const DEEPSEEK: ToolDialect<'deepseek'> = {
  name: 'deepseek',
  opens: [section.open, call.open],
  detect: (template) => template.includes(call.open),
  reader: (calls, marker) => new SectionCallsReader(calls, STYLE, MARKERS, marker),
}
