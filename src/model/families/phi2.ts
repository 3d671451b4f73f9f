import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * Phi 1, 1.5 and 2: attention and feed-forward layer in parallel on one layer norm, rotary embedding of a part of each head,
 * biases everywhere. Source: Li et al. 2023.
 */
export const phi2: Family<Config> = {
  architectures: ['phi2'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(n, 'gelu'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
