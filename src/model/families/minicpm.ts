import { readConfig } from '../config.js'
import type { Family } from '../family.js'
import { readLogitDivisor, readScale } from '../scales.js'
import { buildGranite, type GraniteConfig } from './granite.js'

/** Width of the model on which the learning rates were tuned. */
const BASE_WIDTH = 256

/**
 * MiniCPM 1, 2 and 4: Granite's computation. Files without scales have those of the first models: 12, 1.4/√layers, and logits
 * divided by width/256 (llama.cpp 0.5 divides by the inverse). Source: Hu et al. 2024.
 */
export const minicpm: Family<GraniteConfig> = {
  architectures: ['minicpm'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm' })
    const { layers, embeddingLength } = config
    return {
      ...config,
      embeddingScale: readScale(reader, 'embedding_scale', 12),
      residualScale: readScale(reader, 'residual_scale', 1.4 / Math.sqrt(layers)),
      logitScale: readLogitDivisor(reader, embeddingLength / BASE_WIDTH),
      attention: Array.from({ length: layers }, () => ({ hasRope: true })),
    }
  },
  build: (b, h) => buildGranite(b, h, (l, x) => l.swiglu(x)),
}
