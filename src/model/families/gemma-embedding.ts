import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readLocalRope, readWindows } from '../windows.js'

interface GemmaEmbeddingConfig extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in local layers. */
  readonly localRope: Partial<RopeSpec>
  /** Widths of the dense layers after pooling; 0: the file does not say. */
  readonly dense: { readonly secondOut: number; readonly thirdIn: number }
}

/** EmbeddingGemma: Gemma 3's layers in both directions, and dense layers after pooling. Source: Schechter Vera et al. 2025. */
export const gemmaEmbedding: Family<GemmaEmbeddingConfig> = {
  architectures: ['gemma-embedding'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', encoder: true })
    const width = (key: string) => reader.count(key, { fallback: 0, minimum: 0, maximum: 2 ** 17 })
    return {
      ...config,
      windows: readWindows(reader, config.layers, { period: 6 }),
      localRope: readLocalRope(reader),
      dense: { secondOut: width('dense_2_feat_out'), thirdIn: width('dense_3_feat_in') },
    }
  },
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const rope = window === undefined ? {} : h.localRope
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.rope(l.headNorm(q, 'attn_q_norm'), rope)
      const keys = l.rope(l.headNorm(k, 'attn_k_norm'), rope)
      const attended = l.encoderAttention(queries, keys, v, { window })
      x = l.add(x, l.rmsNorm(l.linear(attended, 'attn_output', h.embeddingLength), 'post_attention_norm'))
      x = l.add(x, l.rmsNorm(l.geglu(l.rmsNorm(x, 'ffn_norm')), 'post_ffw_norm'))
    }
    if (b.has('dense_2.weight') && b.has('dense_3.weight')) {
      b.afterPooling((pooled) => {
        const wide = b.linear(pooled, 'dense_2', h.dense.secondOut)
        return b.linear(wide, 'dense_3', h.embeddingLength)
      })
    }
    b.hidden(b.rmsNorm(x, 'output_norm'))
  },
}
