import type { RopeScaling } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readWindows } from '../windows.js'

interface Olmo2Config extends Config {
  /** Sliding window of each layer; `undefined` for full attention. */
  readonly windows: readonly (number | undefined)[]
}

const UNSCALED: RopeScaling = { type: 'none' }

/**
 * OLMo 2 and 3: norms after each sublayer instead of before, QK-Norm over whole rows; OLMo 3 has windows in three of four
 * layers, whose rotary embedding is not scaled. Source: OLMo Team 2025.
 */
export const olmo2: Family<Olmo2Config> = {
  architectures: ['olmo2'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    return { ...config, windows: readWindows(reader, config.layers, { window: 0, period: 4 }) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const rope = window === undefined ? {} : { scaling: UNSCALED }
      const { q, k, v } = l.qkv(x)
      const queries = l.rope(l.rmsNorm(q, 'attn_q_norm'), rope)
      const keys = l.rope(l.rmsNorm(k, 'attn_k_norm'), rope)
      const attended = l.linear(l.attention(queries, keys, v, { window }), 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(attended, 'post_attention_norm'))
      x = l.add(x, l.rmsNorm(l.swiglu(x), 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
