import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'

interface GraniteMoeConfig extends Config {
  readonly experts: Experts
  readonly embeddingScale: number
  readonly residualScale: number
  readonly logitScale: number
}

/** Granite 3 with experts (1b-a400m, 3b-a800m): llama with scales of embeddings, residuals and logits. Source: IBM 2024. */
export const granitemoe: Family<GraniteMoeConfig> = {
  architectures: ['granitemoe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', experts: true })
    const { feedForwardLength: rows } = config
    const shared = { by: 'length', fallback: 0 } as const
    return {
      ...config,
      experts: readExperts(reader, { gating: 'softmax', normalize: true, rows, shared }),
      embeddingScale: reader.real('embedding_scale', 0) || 1,
      residualScale: reader.real('residual_scale', 0) || 1,
      logitScale: 1 / reader.real('logit_scale'),
    }
  },
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), h.embeddingScale)
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength)
      x = l.add(x, l.scale(attended, h.residualScale))
      x = l.add(x, l.scale(feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts), h.residualScale))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { scale: h.logitScale })
  },
}
