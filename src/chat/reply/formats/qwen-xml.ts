import { taggedCalls } from './tagged-calls.js'

/**
 * Tool calls of Qwen3-Coder, Qwen3.5, Nemotron 3 and Step 3.5: `<tool_call>`, `<function=name>`, `<parameter=key>`, the value,
 * `</parameter>`, `</function>`, `</tool_call>`, each on its own line. Functionary 3.1 writes JSON after `<function=name>`.
 */
export const QWEN_XML = taggedCalls('qwen-xml', {
  outer: { open: '<tool_call>', close: '</tool_call>' },
  call: { open: '<function=', otherwise: '<function name=', close: '</function>' },
  parameter: { open: '<parameter=', otherwise: '<parameter name=', close: '</parameter>' },
  hasOwnLines: true,
})
