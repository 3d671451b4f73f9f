import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/**
 * Qwen 1.5, 2 and 2.5, QwQ, and DeepSeek R1 distilled into them: llama's computation with another rope type, and biases on
 * queries, keys and values, which the file brings. Source: Yang et al. 2024.
 */
export const qwen2: Family<Config> = {
  architectures: ['qwen2'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build: llama.build,
}
