import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { llama } from './llama.js'

/**
 * ChatGLM 3, GLM 4 (9B chat) and GLM Edge: llama's computation in fused matrices, with a rotary embedding of half of each head.
 * Source: GLM Team 2024.
 */
export const chatglm: Family<Config> = {
  architectures: ['chatglm'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build: llama.build,
}
