import { sectionCalls } from './section-calls.js'

/**
 * Solar Open's tool calls: `<|tool_calls|>`, then for each
 * `<|tool_call:begin|>id<|tool_call:name|>name<|tool_call:args|>{…}<|tool_call:end|>`, then `<|calls|>`.
 */
export const SOLAR = sectionCalls('solar', {
  section: { open: '<|tool_calls|>', close: '<|calls|>' },
  call: { open: '<|tool_call:begin|>', close: '<|tool_call:end|>' },
  separators: ['<|tool_call:name|>', '<|tool_call:args|>'],
  headers: [{ text: 'ID<|tool_call:name|>NAME<|tool_call:args|>' }],
  heading: ([id, name = '']) => ({ name, id }),
})
