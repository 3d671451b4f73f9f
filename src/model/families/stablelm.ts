import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/**
 * StableLM 3B, 2 1.6B and 2 12B, Zephyr 3B: layer norms, rotary embedding of a quarter of each head. 12B has QK-Norm, with weights
 * of each head, and its attention and feed-forward layer are parallel: no `ffn_norm`. Source: Bellagente et al. 2024.
 */
export const stablelm: Family<Config> = {
  architectures: ['stablelm'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'neox', norm: 'layer' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const queries = l.has('attn_q_norm.weight') ? l.headLayerNorm(q, 'attn_q_norm') : q
      const keys = l.has('attn_k_norm.weight') ? l.headLayerNorm(k, 'attn_k_norm') : k
      const attended = l.attention(l.rope(queries), l.rope(keys), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.has('ffn_norm.weight') ? l.layerNorm(x, 'ffn_norm') : n))
    }
    b.logits(b.layerNorm(x, 'output_norm'))
  },
}
