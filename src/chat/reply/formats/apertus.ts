import { jsonCalls } from './json-calls.js'

/** Apertus' tool calls, with the name as the key: `<|tools_prefix|>[{"name": {…}}, …]<|tools_suffix|>`. */
export const APERTUS = jsonCalls(
  'apertus',
  { open: '<|tools_prefix|>', close: '<|tools_suffix|>', namesAreKeys: true },
  { list: 'closed', keys: ['', ''] },
)
