import { jsonCalls } from './json-calls.js'

/**
 * Hermes' tool calls, which Qwen, Granite 4 and many others adopted:
 * `<tool_call>{"name": …, "arguments": {…}}</tool_call>`.
 */
export const HERMES = jsonCalls('hermes', { open: '<tool_call>', close: '</tool_call>' })
