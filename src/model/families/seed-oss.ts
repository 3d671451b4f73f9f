import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * Seed-OSS: llama with rope type `neox` and biases on queries, keys and values (in the file), whose files name the norm before
 * the feed-forward layer `post_attention_norm`. Source: ByteDance Seed Team 2025.
 */
export const seedOss: Family<Config> = {
  architectures: ['seed_oss'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'post_attention_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
