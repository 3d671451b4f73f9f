import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import {
  normedEmbeddings,
  type PostNormConfig,
  postNormLayer,
  readTokenTypes,
  rotaryAttention,
} from '../post-norm.js'

/** Jina Embeddings v3: XLM-RoBERTa with rotary embeddings. Source: Sturua et al. 2024. */
export const jinaBertV3: Family<PostNormConfig> = {
  architectures: ['jina-bert-v3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', norm: 'layer', encoder: true })
    return { ...config, tokenTypes: readTokenTypes(reader) }
  },
  build(b, h) {
    let x = normedEmbeddings(b, h)
    for (const l of b.layers()) {
      x = postNormLayer(l, x, {
        attention: (x) => rotaryAttention(l, x),
        feedForward: (x) => l.mlp(x, 'gelu'),
      })
    }
    b.hidden(x)
  },
}
