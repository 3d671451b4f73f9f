import { jsonCalls } from './json-calls.js'

/** GigaChat 3.1's tool calls: `<|function_call|>{"name": …, "arguments": {…}}`, without a closing marker. */
export const GIGACHAT = jsonCalls('gigachat', { open: '<|function_call|>' })
