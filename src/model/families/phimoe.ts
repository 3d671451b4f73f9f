import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'

/** Phi 3.5 MoE: llama's computation with rope type `neox`, longrope, and RMS norms that have biases. Source: Abdin et al. 2024. */
export const phimoe: Family<Config & { readonly experts: Experts }> = {
  architectures: ['phimoe'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    const { feedForwardLength: rows } = config
    return { ...config, experts: readExperts(reader, { gating: 'softmax', normalize: true, rows }) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm', { bias: true }))
      x = l.add(x, l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm', { bias: true }), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm', { bias: true }))
  },
}
