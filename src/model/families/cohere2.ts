import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readScale } from '../scales.js'
import { readWindows } from '../windows.js'

interface Cohere2Config extends Config {
  /** Sliding window of each layer; `undefined` for global attention, which has no rotary embedding. */
  readonly windows: readonly (number | undefined)[]
  readonly logitScale: number
}

/** Command R7B and A: Command R with windows in three of four layers, and rotations only there. Source: Cohere 2025. */
export const cohere2: Family<Cohere2Config> = {
  architectures: ['cohere2'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', norm: 'layer' })
    return {
      ...config,
      windows: readWindows(reader, config.layers, { period: 4 }),
      logitScale: readScale(reader, 'logit_scale'),
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const n = l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const attended =
        window === undefined ? l.attention(q, k, v) : l.attention(l.rope(q), l.rope(k), v, { window })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(n))
    }
    b.logits(b.layerNorm(x, 'output_norm'), { scale: h.logitScale })
  },
}
