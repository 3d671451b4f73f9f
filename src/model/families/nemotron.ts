import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** Nemotron 3 and 4, Minitron: layer norms, an ungated feed-forward layer with relu². Source: Parmar et al. 2024. */
export const nemotron: Family<Config> = {
  architectures: ['nemotron'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.layerNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(l.layerNorm(x, 'ffn_norm'), 'relu2'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
