import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/** EXAONE 3.0 and 3.5: llama's computation with rope type `neox`. Source: LG AI Research 2024. */
export const exaone: Family<Config> = {
  architectures: ['exaone'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build: llama.build,
}
