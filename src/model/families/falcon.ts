import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * Falcon 7B and 40B: attention and feed-forward layer in parallel; 40B has a norm for each, of which `attn_norm_2` is the
 * attention's. Source: Almazrouei et al. 2023.
 */
export const falcon: Family<Config> = {
  architectures: ['falcon'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(l.has('attn_norm_2.weight') ? l.layerNorm(x, 'attn_norm_2') : n)
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(n, 'gelu'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
