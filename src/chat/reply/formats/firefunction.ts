import { jsonCalls } from './json-calls.js'

/** FireFunction's and Phi-4-mini's tool calls: `functools[{"name": …, "arguments": {…}}, …]`. */
export const FIREFUNCTION = jsonCalls(
  'firefunction',
  { open: 'functools[', opensList: true },
  { list: 'opened' },
)
