import { keyedCalls } from './keyed-calls.js'

/**
 * Tool calls of GLM 4.5 and later, Laguna, Ling 3 and Spark 2.5:
 * `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value></tool_call>`.
 */
export const GLM = keyedCalls('glm', {
  call: { open: '<tool_call>', close: '</tool_call>' },
  key: { open: '<arg_key>', close: '</arg_key>' },
  value: { open: '<arg_value>', close: '</arg_value>' },
})
