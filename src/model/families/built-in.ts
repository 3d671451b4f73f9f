/** Every family of this package. To add one, add a file to this folder and a line here. */

export { deepseek } from './deepseek.js'
export { ernie45moe } from './ernie4-5-moe.js'
export { gemma3 } from './gemma3.js'
export { glm4moe } from './glm4moe.js'
export { gptOss } from './gpt-oss.js'
export { granitemoe } from './granitemoe.js'
export { llama } from './llama.js'
export { olmoe } from './olmoe.js'
export { qwen2 } from './qwen2.js'
export { qwen2moe } from './qwen2moe.js'
export { qwen3 } from './qwen3.js'
export { qwen3moe } from './qwen3moe.js'
