import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward } from '../experts.js'
import type { Family } from '../family.js'
import { rankingHead, readRanking } from '../ranking.js'

/** Qwen 3, dense, and its embedding models and rerankers: QK-Norm over each head. Source: Yang et al. 2025. */
export const qwen3: Family<Config & { readonly experts?: Experts }> = {
  architectures: ['qwen3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', encoder: 'optional' })
    return { ...config, ranking: readRanking(reader, config, { pooling: 'last', softmax: true }) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.rope(l.headNorm(q, 'attn_q_norm'))
      const keys = l.rope(l.headNorm(k, 'attn_k_norm'))
      x = l.add(x, l.linear(l.selfAttention(queries, keys, v), 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts))
    }
    rankingHead(b, h)
    b.output(b.rmsNorm(x, 'output_norm'))
  },
}
