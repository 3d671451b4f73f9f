import { readConfig } from '../config.js'
import { readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { type LlamaConfig, llama } from './llama.js'

/** DeepSeek MoE 16B: llama's attention, shared experts, dense leading layers. Source: Dai et al. 2024. */
export const deepseek: Family<LlamaConfig> = {
  architectures: ['deepseek'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', experts: true })
    const experts = readExperts(reader, {
      gating: 'softmax',
      normalize: false,
      choice: 'file',
      shared: { by: 'count' },
    })
    return { ...config, experts }
  },
  build: llama.build,
}
