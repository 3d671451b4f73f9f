import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import {
  normedEmbeddings,
  type PostNormConfig,
  postNormLayer,
  readTokenTypes,
  rotaryAttention,
} from '../post-norm.js'

/** Nomic Embed v1 and v1.5: BERT with rotary embeddings and gated layers. Source: Nussbaum et al. 2024. */
export const nomicBert: Family<PostNormConfig> = {
  architectures: ['nomic-bert'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', norm: 'layer', encoder: true })
    return { ...config, tokenTypes: readTokenTypes(reader) }
  },
  build(b, h) {
    let x = normedEmbeddings(b, h)
    for (const l of b.layers()) {
      x = postNormLayer(l, x, {
        attention: (x) => rotaryAttention(l, x),
        feedForward: (x) => l.swiglu(x),
      })
    }
    b.hidden(x)
  },
}
