import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** StarCoder 2: layer norms, an ungated feed-forward layer with GELU, biases everywhere. Source: Lozhkov et al. 2024. */
export const starcoder2: Family<Config> = {
  architectures: ['starcoder2'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.layerNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(l.layerNorm(x, 'ffn_norm'), 'gelu'))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
