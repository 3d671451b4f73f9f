import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import { normedEmbeddings, type PostNormConfig, postNormLayer, readTokenTypes } from '../post-norm.js'
import { rankingHead, readRanking } from '../ranking.js'

/**
 * BERT, RoBERTa, XLM-RoBERTa, DistilBERT and the embedding models and rerankers made of them: BGE, E5, MiniLM, Arctic, MXBai.
 * Source: Devlin et al. 2019; Liu et al. 2019.
 */
export const bert: Family<PostNormConfig> = {
  architectures: ['bert'],
  hyperparameters(reader) {
    const config = readConfig(reader, { norm: 'layer', encoder: true })
    return { ...config, tokenTypes: readTokenTypes(reader), ranking: readRanking(reader, config) }
  },
  build(b, h) {
    let x = normedEmbeddings(b, h, [b.embedPosition('position_embd')])
    for (const l of b.layers()) {
      x = postNormLayer(l, x, {
        attention(x) {
          const { q, k, v } = l.qkv(x)
          return l.linear(l.encoderAttention(q, k, v), 'attn_output', h.embeddingLength)
        },
        feedForward: (x) => l.mlp(x, 'gelu'),
      })
    }
    rankingHead(b, h)
    b.hidden(x)
  },
}
