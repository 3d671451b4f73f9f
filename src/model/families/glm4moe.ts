import { type Config, readConfig, readDraftLayers } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'

/** GLM 4.5 and 4.5 Air: sigmoid gating with a selection bias, a shared expert, dense leading layers. Source: Z.ai 2025. */
export const glm4moe: Family<Config & { readonly experts: Experts }> = {
  architectures: ['glm4moe'],
  hyperparameters(reader) {
    const draftLayers = readDraftLayers(reader)
    const config = readConfig(reader, { ropeType: 'neox', experts: true, draftLayers })
    const experts = readExperts(reader, {
      gating: 'sigmoid',
      normalize: 'file',
      choice: 'file',
      shared: { by: 'count' },
    })
    return { ...config, experts }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.has('attn_q_norm.weight') ? l.headNorm(q, 'attn_q_norm') : q
      const keys = l.has('attn_k_norm.weight') ? l.headNorm(k, 'attn_k_norm') : k
      const attended = l.attention(l.rope(queries), l.rope(keys), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'post_attention_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
