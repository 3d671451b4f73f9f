import { readConfig } from '../config.js'
import { readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { type LlamaConfig, llama } from './llama.js'

/** Qwen 1.5 MoE and Qwen 2 57B: qwen2's attention, a shared expert with a gate of its own. Source: Yang et al. 2024. */
export const qwen2moe: Family<LlamaConfig> = {
  architectures: ['qwen2moe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    const { feedForwardLength } = config
    const experts = readExperts(reader, {
      gating: 'softmax',
      normalize: false,
      rows: Math.floor(feedForwardLength / reader.count('expert_used_count')),
      shared: { by: 'length', fallback: feedForwardLength },
      sharedGate: true,
    })
    return { ...config, experts }
  },
  build: llama.build,
}
