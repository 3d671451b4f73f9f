import { power } from '../../math/elementary.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** Hunyuan 0.5B to 7B and Hunyuan MT: QK-Norm over each head, after the rotation. Source: Tencent Hunyuan Team 2025. */
export const hunyuanDense: Family<Config> = {
  architectures: ['hunyuan-dense'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    const { ropeTheta, headDim } = config
    // NTK-aware scaling (bloc97 2023).
    const alpha = reader.real('rope.scaling.alpha', 0) || 1
    return { ...config, ropeTheta: ropeTheta * power(alpha, headDim / (headDim - 2)) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.headNorm(l.rope(q), 'attn_q_norm')
      const keys = l.headNorm(l.rope(k), 'attn_k_norm')
      x = l.add(x, l.linear(l.attention(queries, keys, v), 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
