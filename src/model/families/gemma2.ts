import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readWindowRope, readWindows } from '../windows.js'

interface Gemma2Config extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in local layers. */
  readonly localRope: Partial<RopeSpec>
  /** Scores are soft-capped to ±`attentionCap`, logits to ±`softcap`. */
  readonly attentionCap: number
  readonly softcap: number
}

/** Layers of 27B, the only size whose query scale is not 1/√headDim. */
const LAYERS_OF_27B = 46

/**
 * Gemma 2: local and global attention in turns, norms before and after each sublayer, soft caps of scores and logits. Source:
 * Gemma Team 2024.
 */
export const gemma2: Family<Gemma2Config> = {
  architectures: ['gemma2'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    const { embeddingLength, heads, headDim, layers } = config
    const queryWidth = layers === LAYERS_OF_27B ? Math.floor(embeddingLength / heads) : headDim
    return {
      ...config,
      attentionScale: 1 / Math.sqrt(queryWidth),
      windows: readWindows(reader, layers, { window: 4096, period: 2 }),
      localRope: readWindowRope(reader, config),
      attentionCap: reader.real('attn_logit_softcapping', 50),
      softcap: reader.real('final_logit_softcapping', 30),
    }
  },
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const rope = window === undefined ? {} : h.localRope
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const options = { window, softcap: h.attentionCap }
      const attended = l.attention(l.rope(q, rope), l.rope(k, rope), v, options)
      const projected = l.linear(attended, 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(projected, 'post_attention_norm'))
      const fedForward = l.geglu(l.rmsNorm(x, 'ffn_norm'))
      x = l.add(x, l.rmsNorm(fedForward, 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { softcap: h.softcap })
  },
}
