import { jsonCalls } from './json-calls.js'

/** Command R7B's tool calls: `<|START_ACTION|>[{"tool_call_id": "0", "tool_name": …, "parameters": {…}}]<|END_ACTION|>`. */
export const COHERE = jsonCalls(
  'cohere',
  { open: '<|START_ACTION|>', close: '<|END_ACTION|>' },
  { list: 'closed', keys: ['tool_name', 'parameters'], idKey: 'tool_call_id' },
)
