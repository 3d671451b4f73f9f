import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'

/** OLMoE: experts whose weights are not divided by their sum, norms over all heads of queries and keys. Source: Muennighoff et al. 2024. */
export const olmoe: Family<Config & { readonly experts: Experts }> = {
  architectures: ['olmoe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    const { feedForwardLength: rows } = config
    return { ...config, experts: readExperts(reader, { gating: 'softmax', normalize: false, rows }) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.rope(l.rmsNorm(q, 'attn_q_norm'))
      const keys = l.rope(l.rmsNorm(k, 'attn_k_norm'))
      x = l.add(x, l.linear(l.attention(queries, keys, v), 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
