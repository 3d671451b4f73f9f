import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * Llama 1 to 3, TinyLlama, SmolLM, Mistral 7B and whatever converts to `llama`. Source: Touvron et al. 2023. InternLM 2 (Cai et
 * al. 2024), Ernie 4.5 (Baidu 2025) and Xverse compute the same.
 */
export const llama: Family<Config> = {
  architectures: ['llama', 'internlm2', 'ernie4_5', 'xverse'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm', encoder: 'optional' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.selfAttention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.output(b.rmsNorm(x, 'output_norm'))
  },
}
