import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** Arcee's AFM 4.5B: llama with an ungated feed-forward layer, whose activation is relu². Source: Arcee AI 2025. */
export const arcee: Family<Config> = {
  architectures: ['arcee'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.mlp(l.rmsNorm(x, 'ffn_norm'), 'relu2'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
