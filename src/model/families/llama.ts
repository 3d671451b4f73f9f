import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, hasExperts, readExperts } from '../experts.js'
import type { Family } from '../family.js'

export interface LlamaConfig extends Config {
  /** `undefined` for a dense model. */
  readonly experts?: Experts | undefined
}

/**
 * Llama 1 to 3, TinyLlama, SmolLM, Mistral 7B, Mixtral and whatever converts to `llama`. Sources: Touvron et al. 2023; Jiang
 * et al. 2024 (experts). InternLM 2 (Cai et al. 2024), Ernie 4.5 (Baidu 2025) and Xverse compute the same.
 */
export const llama: Family<LlamaConfig> = {
  architectures: ['llama', 'internlm2', 'ernie4_5', 'xverse'],
  hyperparameters(reader) {
    if (!hasExperts(reader)) return readConfig(reader, { ropeType: 'norm', encoder: 'optional' })
    const config = readConfig(reader, { ropeType: 'norm', experts: true })
    const { feedForwardLength: rows } = config
    return { ...config, experts: readExperts(reader, { gating: 'softmax', normalize: true, rows }) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.selfAttention(l.rope(q), l.rope(k), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts))
    }
    b.output(b.rmsNorm(x, 'output_norm'))
  },
}
