import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { withLogMultiplier } from '../rope-scaling.js'

interface Mistral3Config extends Config {
  /** How much queries grow with the logarithm of their position, per `originalContext`; 0: not at all. */
  readonly temperature: number
  readonly originalContext: number
}

/** Ministral 3 and Mistral Small 3: llama with YaRN and an attention temperature. Source: Mistral AI 2025. */
export const mistral3: Family<Mistral3Config> = {
  architectures: ['mistral3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm' })
    const { contextLength } = config
    return {
      ...config,
      ropeScaling: withLogMultiplier(reader, config.ropeScaling),
      temperature: reader.real('attention.temperature_scale', 0),
      originalContext: reader.count('rope.scaling.original_context_length', { fallback: contextLength }),
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const rotated = l.rope(q)
      const queries = h.temperature ? l.temperature(rotated, h.temperature, h.originalContext) : rotated
      x = l.add(x, l.linear(l.attention(queries, l.rope(k), v), 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
