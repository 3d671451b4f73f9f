import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/**
 * Phi 3, 3.5 and 4: llama's computation with rope type `neox`, in fused matrices, and longrope for 128k tokens of context. The
 * sliding window that some files mention is not used: their layers were converted without it. Source: Abdin et al. 2024.
 */
export const phi3: Family<Config> = {
  architectures: ['phi3'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build: llama.build,
}
