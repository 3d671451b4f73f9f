import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { rankingHead, readRanking } from '../ranking.js'

/** NeoBERT: an encoder with llama's layers. Source: Le Breton et al. 2025. */
export const neoBert: Family<Config> = {
  architectures: ['neo-bert'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm', encoder: true })
    return { ...config, ranking: readRanking(reader, config) }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      x = l.add(x, l.linear(l.encoderAttention(l.rope(q), l.rope(k), v), 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    rankingHead(b, h)
    b.hidden(b.rmsNorm(x, 'enc.output_norm'))
  },
}
