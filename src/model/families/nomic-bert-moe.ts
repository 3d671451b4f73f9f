import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import {
  normedEmbeddings,
  type PostNormConfig,
  postNormLayer,
  readTokenTypes,
  rotaryAttention,
} from '../post-norm.js'

interface NomicMixtureConfig extends PostNormConfig {
  /** Every so many layers, the second first, have experts; 0: none. */
  readonly period: number
  readonly experts: number
  readonly expertsUsed: number
  /** Factor of the experts' weights. */
  readonly expertsScale: number
}

/** Nomic Embed v2: XLM-RoBERTa with rotary embeddings and a mixture of experts. Source: Nussbaum and Duderstadt 2025. */
export const nomicBertMoe: Family<NomicMixtureConfig> = {
  architectures: ['nomic-bert-moe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', norm: 'layer', experts: true, encoder: true })
    const experts = reader.count('expert_count', { maximum: 4096 })
    return {
      ...config,
      tokenTypes: readTokenTypes(reader),
      period: reader.count('moe_every_n_layers', { fallback: 0, minimum: 0 }),
      experts,
      expertsUsed: reader.count('expert_used_count', { maximum: experts }),
      expertsScale: reader.real('expert_weights_scale', 0) || 1,
    }
  },
  build(b, h) {
    const routing = {
      used: h.expertsUsed,
      gating: 'softmax',
      groups: undefined,
      normalize: false,
      scale: h.expertsScale,
    } as const
    const mixture = { experts: h.experts, rows: h.feedForwardLength, function: 'gelu', routing } as const
    let x = normedEmbeddings(b, h)
    for (const l of b.layers()) {
      const hasExperts = h.period > 0 && l.layer % h.period === 1
      x = postNormLayer(l, x, {
        attention: (x) => rotaryAttention(l, x),
        feedForward: (x) => (hasExperts ? l.mixture(x, mixture) : l.mlp(x, 'gelu')),
      })
    }
    b.hidden(x)
  },
}
