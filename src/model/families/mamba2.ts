import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { type Mamba2, mamba2Mixer, readMamba2 } from '../mamba2-mixer.js'

/** Mamba-2 and Codestral Mamba: state spaces instead of attention and feed-forward layers. Source: Dao and Gu 2024. */
export const mamba2: Family<Config & { readonly mixer: Mamba2 }> = {
  architectures: ['mamba2'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { attention: false }),
    mixer: readMamba2(reader),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) x = l.add(x, mamba2Mixer(l, l.rmsNorm(x, 'attn_norm'), h.mixer))
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
