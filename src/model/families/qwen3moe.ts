import { type Config, readConfig } from '../config.js'
import { type Experts, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { qwen3 } from './qwen3.js'

/** Qwen 3 with experts (30B-A3B, 235B-A22B, Coder): qwen3's attention. Source: Yang et al. 2025. */
export const qwen3moe: Family<Config & { readonly experts: Experts }> = {
  architectures: ['qwen3moe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    const rows = Math.floor(config.feedForwardLength / reader.count('expert_used_count'))
    return { ...config, experts: readExperts(reader, { gating: 'softmax', normalize: true, rows }) }
  },
  build: qwen3.build,
}
