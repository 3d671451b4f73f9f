import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readLocalRope, readWindows } from '../windows.js'

interface Gemma3Config extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in local layers: rope scaling applies to global layers only. */
  readonly localRope: Partial<RopeSpec>
  /** Logits are soft-capped to ±`softcap`; 0: no cap. */
  readonly softcap: number
}

/** Layers of 27B, the only size whose query scale is not 1/√headDim. */
const LAYERS_OF_27B = 62

/**
 * Gemma 3, and models converted to it: MedGemma, FunctionGemma, Rnj-1. Five local layers for every global layer. Source:
 * Gemma Team 2025.
 */
export const gemma3: Family<Gemma3Config> = {
  architectures: ['gemma3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    const { embeddingLength, heads, headDim, layers } = config
    const queryWidth = layers === LAYERS_OF_27B ? Math.floor(embeddingLength / heads) : headDim
    return {
      ...config,
      attentionScale: 1 / Math.sqrt(queryWidth),
      windows: readWindows(reader, layers, { window: 0, period: 6 }),
      localRope: readLocalRope(reader),
      softcap: reader.real('final_logit_softcapping', 0),
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
      const attended = l.linear(l.attention(queries, keys, v, { window }), 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(attended, 'post_attention_norm'))
      const fedForward = l.geglu(l.rmsNorm(x, 'ffn_norm'))
      x = l.add(x, l.rmsNorm(fedForward, 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { softcap: h.softcap })
  },
}
