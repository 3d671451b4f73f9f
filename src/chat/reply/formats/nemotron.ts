import { jsonCalls } from './json-calls.js'

/** Nemotron Nano 2's tool calls: `<TOOLCALL>[{"name": …, "arguments": {…}}, …]</TOOLCALL>`. */
export const NEMOTRON = jsonCalls(
  'nemotron',
  { open: '<TOOLCALL>', close: '</TOOLCALL>' },
  { list: 'closed' },
)
