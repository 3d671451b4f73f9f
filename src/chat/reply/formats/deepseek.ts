import { sectionCalls } from './section-calls.js'

/**
 * DeepSeek's tool calls: `<｜tool▁calls▁begin｜>`, then for each `<｜tool▁call▁begin｜>function<｜tool▁sep｜>name`, a
 * fenced block of JSON (V3.1: `name<｜tool▁sep｜>{…}`) and `<｜tool▁call▁end｜>`, then `<｜tool▁calls▁end｜>`.
 */
export const DEEPSEEK = sectionCalls('deepseek', {
  section: { open: '<｜tool▁calls▁begin｜>', close: '<｜tool▁calls▁end｜>' },
  call: { open: '<｜tool▁call▁begin｜>', close: '<｜tool▁call▁end｜>' },
  separators: ['<｜tool▁sep｜>'],
  headers: [{ text: 'function<｜tool▁sep｜>NAME', fence: true }, { text: 'NAME<｜tool▁sep｜>' }],
  heading: ([first, second = '']) => ({ name: second || first }),
})
