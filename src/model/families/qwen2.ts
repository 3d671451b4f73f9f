import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/**
 * Qwen 1.5, 2 and 2.5, QwQ, and the DeepSeek R1 distillations of them: llama's computation with rope type `neox` and with
 * biases on queries, keys and values (in the file). Source: Yang et al. 2024.
 */
export const qwen2: Family<Config> = {
  architectures: ['qwen2'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', encoder: 'optional' }),
  build: llama.build,
}
