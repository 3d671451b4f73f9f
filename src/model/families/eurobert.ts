import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/** EuroBERT and Jina Embeddings v5: llama's computation in both directions, with rope type `neox`. Source: Boizard et al. 2025. */
export const eurobert: Family<Config> = {
  architectures: ['eurobert'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', encoder: true }),
  build: llama.build,
}
