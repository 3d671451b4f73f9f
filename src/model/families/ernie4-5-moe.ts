import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'

interface ErnieMoeConfig extends Config {
  readonly experts: Experts
  /** After the leading dense layers, every layer whose number, from 1 up, is a multiple of this has experts. */
  readonly step: number
}

/** ERNIE 4.5 with experts (21B-A3B, 300B-A47B). Source: Baidu 2025. */
export const ernie45moe: Family<ErnieMoeConfig> = {
  architectures: ['ernie4_5-moe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', experts: true })
    const shared = { by: 'length', fallback: 0 } as const
    return {
      ...config,
      experts: readExperts(reader, { gating: 'softmax', normalize: true, shared }),
      step: reader.count('interleave_moe_layer_step', { maximum: 1024 }),
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      x = l.add(x, l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength))
      const experts = (l.layer + 1) % h.step === 0 ? h.experts : undefined
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
