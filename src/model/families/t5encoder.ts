import type { PositionBias } from '../../backend/program.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

interface T5Config extends Config {
  /** Buckets of distances. */
  readonly buckets: number
}

/** Before the names of the encoder's layers and norm: T5 also has a decoder. */
const PREFIX = 'enc.'

/**
 * The encoders of T5, Flan-T5 and UMT5: scores without a factor but with a learned bias by distance, which layers without one
 * share with the first. Source: Raffel et al. 2020.
 */
export const t5encoder: Family<T5Config> = {
  architectures: ['t5encoder'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { encoder: true }),
    attentionScale: 1,
    buckets: reader.count('attention.relative_buckets_count', { minimum: 4, maximum: 4096 }),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    let first: PositionBias | undefined
    for (const l of b.layers(PREFIX)) {
      const hasOwn = first === undefined || l.has('attn_rel_b.weight')
      const bias = hasOwn ? l.relativeBias('attn_rel_b', h.buckets) : first
      first ??= bias
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      x = l.add(x, l.linear(l.encoderAttention(q, k, v, { bias }), 'attn_o', h.embeddingLength))
      const n = l.rmsNorm(x, 'ffn_norm')
      x = l.add(x, l.has('ffn_gate.weight') ? l.geglu(n) : l.mlp(n, 'relu'))
    }
    b.hidden(b.rmsNorm(x, `${PREFIX}output_norm`))
  },
}
