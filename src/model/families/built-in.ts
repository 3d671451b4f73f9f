/** Every family of this package: a new one is a file in this folder and its line here. */

export { gemma3 } from './gemma3.js'
export { llama } from './llama.js'
export { qwen2 } from './qwen2.js'
export { qwen3 } from './qwen3.js'
