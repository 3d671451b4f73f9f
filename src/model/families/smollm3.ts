import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'

/** Every fourth layer has no rotary embedding. */
const NO_ROPE_PERIOD = 4

/** SmolLM 3: llama with layers without positions (NoPE, Yang et al. 2025). Source: Bakouch et al. 2025. */
export const smollm3: Family<Config> = {
  architectures: ['smollm3'],
  hyperparameters: (reader) => readConfig(reader, { ropeType: 'norm' }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const hasRope = (l.layer + 1) % NO_ROPE_PERIOD !== 0
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = hasRope ? l.attention(l.rope(q), l.rope(k), v) : l.attention(q, k, v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
