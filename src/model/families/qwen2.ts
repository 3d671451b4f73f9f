import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * Qwen 1.5, 2 and 2.5, QwQ, and DeepSeek R1 distilled into them: llama with biases on queries, keys and values, which the
 * file brings, and another rope type. Source: Yang et al. 2024.
 */
export const qwen2: Family<Config> = {
  architectures: ['qwen2'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
