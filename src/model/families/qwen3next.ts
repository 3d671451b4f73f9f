import type { Family } from '../family.js'
import { type Qwen35Config, qwen35 } from './qwen35.js'
import { readHybridExperts } from './qwen35moe.js'

/** Qwen 3 Next (80B-A3B) and Coder Next: qwen35moe with value heads stored by key head. Source: Qwen 2025. */
export const qwen3next: Family<Qwen35Config> = {
  architectures: ['qwen3next'],
  hyperparameters: (reader) => readHybridExperts(reader, 'groups'),
  build: qwen35.build,
}
