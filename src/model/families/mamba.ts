import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { type Mamba1, mamba1Mixer, readMamba1 } from '../mamba1-mixer.js'

/** Mamba and Falcon Mamba: state spaces instead of attention and feed-forward layers. Source: Gu and Dao 2023. */
export const mamba: Family<Config & { readonly mixer: Mamba1 }> = {
  architectures: ['mamba'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { attention: false }),
    mixer: readMamba1(reader),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) x = l.add(x, mamba1Mixer(l, l.rmsNorm(x, 'attn_norm'), h.mixer))
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
