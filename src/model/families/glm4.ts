import { type Config, readConfig, readDraftLayers } from '../config.js'
import type { Family } from '../family.js'

/**
 * GLM 4 (0414) and Z1: norms before and after each sublayer, rotary embedding of half of each head. Source: GLM Team 2024. In
 * files with `rope.dimension_sections`, made for images, pairs are of type `neox`; for text, all sections are one.
 */
export const glm4: Family<Config> = {
  architectures: ['glm4'],
  hyperparameters: (reader) =>
    readConfig(reader, {
      ropeType: reader.has('rope.dimension_sections') ? 'neox' : 'norm',
      draftLayers: readDraftLayers(reader),
    }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(attended, 'post_attention_norm'))
      const fedForward = l.swiglu(l.rmsNorm(x, 'ffn_norm'))
      x = l.add(x, l.rmsNorm(fedForward, 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
