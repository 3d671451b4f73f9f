import { type Config, readConfig, readDraftLayers } from '../config.js'
import type { Family } from '../family.js'
import { readWindows } from '../windows.js'

interface Exaone4Config extends Config {
  /** Sliding window of each layer; `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Whether layers with global attention have no rotary embedding. */
  readonly isHybrid: boolean
}

/** Layers of 32B, the only size with windows. */
const LAYERS_OF_32B = 64

/**
 * EXAONE 4: norms after each sublayer instead of before, QK-Norm over each head. 32B has windows in three of four layers, and
 * rotates only there. Source: LG AI Research 2025.
 */
export const exaone4: Family<Exaone4Config> = {
  architectures: ['exaone4'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', draftLayers: readDraftLayers(reader) })
    const isHybrid = config.layers === LAYERS_OF_32B
    const windows = isHybrid ? readWindows(reader, config.layers, { window: 4096, period: 4 }) : []
    return { ...config, windows, isHybrid }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const hasRope = !h.isHybrid || window !== undefined
      const { q, k, v } = l.qkv(x)
      const [queries, keys] = [l.headNorm(q, 'attn_q_norm'), l.headNorm(k, 'attn_k_norm')]
      const attended = hasRope
        ? l.attention(l.rope(queries), l.rope(keys), v, { window })
        : l.attention(queries, keys, v)
      const projected = l.linear(attended, 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(projected, 'post_attention_norm'))
      x = l.add(x, l.rmsNorm(l.swiglu(x), 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
