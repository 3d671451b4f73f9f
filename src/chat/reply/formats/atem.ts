import { taggedCalls } from './tagged-calls.js'

/** ATEM's tool calls: `<atem:function_calls><atem:invoke name="…"><atem:parameter name="key">value</atem:parameter>…`. */
export const ATEM = taggedCalls('atem', {
  outer: { open: '<atem:function_calls>', close: '</atem:function_calls>' },
  call: { open: '<atem:invoke name=', close: '</atem:invoke>' },
  parameter: { open: '<atem:parameter name=', close: '</atem:parameter>' },
})
