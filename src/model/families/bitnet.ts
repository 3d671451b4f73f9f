import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * BitNet b1.58: ternary weights, which may have a factor, and norms before the last matrix of each sublayer. Source: Ma et al.
 * 2024.
 */
export const bitnet: Family<Config> = {
  architectures: ['bitnet'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.rmsNorm(l.attention(l.rope(q), l.rope(k), v), 'attn_sub_norm')
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      const n = l.rmsNorm(x, 'ffn_norm')
      const gate = l.silu(l.linear(n, 'ffn_gate', h.feedForwardLength))
      const gated = l.multiply(gate, l.linear(n, 'ffn_up', h.feedForwardLength))
      x = l.add(x, l.linear(l.rmsNorm(gated, 'ffn_sub_norm'), 'ffn_down', h.embeddingLength))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
