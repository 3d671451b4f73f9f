import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import { normedEmbeddings, type PostNormConfig, readTokenTypes } from '../post-norm.js'
import { rankingHead, readRanking } from '../ranking.js'

/** Not in the file. */
const ALIBI = { kind: 'alibi', maxBias: 8 } as const

/**
 * Jina Embeddings v2 and Jina Reranker v1: BERT with ALiBi instead of positions, and gated layers; the variant for code norms
 * queries, keys, and the sum once more. Source: Günther et al. 2023.
 */
export const jinaBertV2: Family<PostNormConfig> = {
  architectures: ['jina-bert-v2'],
  hyperparameters(reader) {
    const config = readConfig(reader, { norm: 'layer', encoder: true })
    return { ...config, tokenTypes: readTokenTypes(reader), ranking: readRanking(reader, config) }
  },
  build(b, h) {
    let x = normedEmbeddings(b, h)
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(x)
      const queries = l.has('attn_q_norm.weight') ? l.layerNorm(q, 'attn_q_norm') : q
      const keys = l.has('attn_k_norm.weight') ? l.layerNorm(k, 'attn_k_norm') : k
      const attended = l.encoderAttention(queries, keys, v, { bias: ALIBI })
      let y = l.layerNorm(l.add(x, l.linear(attended, 'attn_output', h.embeddingLength)), 'attn_output_norm')
      if (l.has('attn_norm_2.weight')) y = l.layerNorm(l.add(y, x), 'attn_norm_2')
      // Without a gate of its own, `ffn_up` holds both, or is a plain layer.
      const isPlain = !l.has('ffn_gate.weight') && l.rowsOf('ffn_up') === h.feedForwardLength
      x = l.layerNorm(l.add(y, isPlain ? l.mlp(y, 'gelu') : l.geglu(y)), 'layer_output_norm')
    }
    rankingHead(b, h, { denseRows: 1 })
    b.hidden(x)
  },
}
