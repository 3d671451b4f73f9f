import { sectionCalls } from './section-calls.js'

/**
 * Kimi K2's tool calls: `<|tool_calls_section_begin|>`, then for each
 * `<|tool_call_begin|>functions.name:0<|tool_call_argument_begin|>{…}<|tool_call_end|>`, then
 * `<|tool_calls_section_end|>`. The text before the arguments is the call's id.
 */
export const KIMI = sectionCalls('kimi', {
  section: { open: '<|tool_calls_section_begin|>', close: '<|tool_calls_section_end|>' },
  call: { open: '<|tool_call_begin|>', close: '<|tool_call_end|>' },
  separators: ['<|tool_call_argument_begin|>'],
  headers: [{ text: 'functions.NAME:#<|tool_call_argument_begin|>' }],
  heading: ([id]) => ({ name: id.replace(/^functions\./, '').replace(/:\d+$/, ''), id }),
})
