import { type Config, type Family, readConfig, registerFamily } from '../../src/index.js'
import type { RandomModelOptions } from './random-model/random-model.js'

/** A llama whose stream begins with the sum of two tables. */
const twoTables: Family<Config> = {
  architectures: ['two-tables'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build(b, h) {
    let x = b.add(b.scale(b.embed('token_embd'), 2), b.embed('second_embd'))
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      x = l.add(x, l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

/** Names of its tables. */
export const TABLES = ['token_embd.weight', 'second_embd.weight']

/** A random model with two lookup tables of more rows than are kept in memory. Registers its family. */
export function twoTableOptions(format: RandomModelOptions['format'] = 'Q8_0'): RandomModelOptions {
  registerFamily(twoTables)
  return {
    architecture: 'two-tables',
    shape: { embed: 64, layers: 1, heads: 2, feedForward: 64, vocab: 1500, context: 4096 },
    format,
    seed: 3,
  }
}
