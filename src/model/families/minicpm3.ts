import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { type LatentAttention, latentAttention, readLatentAttention } from '../latent-attention.js'

/** Scales of the only size, 4B; files do not have them. The last one is the width of the model that was tuned. */
const EMBEDDING_SCALE = 12
const DEPTH_SCALE = 1.4
const BASE_WIDTH = 256

/** MiniCPM 3: latent attention, scaled embeddings, residuals and logits. Source: Hu et al. 2024. */
export const minicpm3: Family<Config & { readonly latent: LatentAttention }> = {
  architectures: ['minicpm3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', valueWidths: true })
    return { ...config, latent: readLatentAttention(reader, config) }
  },
  build(b, h) {
    const residualScale = DEPTH_SCALE / Math.sqrt(h.layers)
    let x = b.scale(b.embed('token_embd'), EMBEDDING_SCALE)
    for (const l of b.layers()) {
      const attended = latentAttention(l, l.rmsNorm(x, 'attn_norm'), h, h.latent)
      x = l.add(x, l.scale(l.linear(attended, 'attn_output', h.embeddingLength), residualScale))
      x = l.add(x, l.scale(l.swiglu(l.rmsNorm(x, 'ffn_norm')), residualScale))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { scale: BASE_WIDTH / h.embeddingLength })
  },
}
