import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readScale } from '../scales.js'

interface CommandRConfig extends Config {
  readonly logitScale: number
  /** QK-Norm with weights of each head. */
  readonly hasHeadNorms: boolean
}

/** Layers from which on models have QK-Norm: those of Command R+. */
const LAYERS_WITH_HEAD_NORMS = 64

/** Command R and R+: attention and feed-forward layer in parallel on one layer norm without bias. Source: Cohere 2024. */
export const commandR: Family<CommandRConfig> = {
  architectures: ['command-r'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', norm: 'layer' })
    const hasHeadNorms = config.layers >= LAYERS_WITH_HEAD_NORMS
    return { ...config, logitScale: readScale(reader, 'logit_scale'), hasHeadNorms }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.layerNorm(x, 'attn_norm')
      const { q, k, v } = l.qkv(n)
      const queries = h.hasHeadNorms ? l.headLayerNorm(q, 'attn_q_norm') : q
      const keys = h.hasHeadNorms ? l.headLayerNorm(k, 'attn_k_norm') : k
      const attended = l.attention(l.rope(queries), l.rope(keys), v)
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(n))
    }
    b.logits(b.layerNorm(x, 'output_norm'), { scale: h.logitScale })
  },
}
