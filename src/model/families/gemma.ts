import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** Gemma 1 and CodeGemma: embeddings scaled by √width, GELU gates. Source: Gemma Team 2024. */
export const gemma: Family<Config> = {
  architectures: ['gemma'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.geglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
