import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/** Llama Embed Nemotron: llama's computation in both directions. Source: Babakhin et al. 2025. */
export const llamaEmbed: Family<Config> = {
  architectures: ['llama-embed'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm', encoder: true }),
  build: llama.build,
}
