import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { type Mamba2, mamba2Mixer, readMamba2 } from '../mamba2-mixer.js'

/** Falcon-H1: attention and Mamba-2 side by side in every layer. Its multipliers are part of the weights. Source: Zuo et al. 2025. */
export const falconH1: Family<Config & { readonly mixer: Mamba2 }> = {
  architectures: ['falcon-h1'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { ropeType: 'neox' }),
    mixer: readMamba2(reader),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const attended = l.linear(l.attention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength)
      const mixed = mamba2Mixer(l, n, h.mixer, { isNormed: l.has('ssm_norm.weight') })
      x = l.add(x, l.add(attended, mixed))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm', { suffix: '' })))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
