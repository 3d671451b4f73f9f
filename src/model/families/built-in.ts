/** Every family of this package. To add one, add a file to this folder and a line here. */

export { gemma3 } from './gemma3.js'
export { llama } from './llama.js'
export { qwen2 } from './qwen2.js'
export { qwen3 } from './qwen3.js'
