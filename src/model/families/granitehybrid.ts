import { type Experts, feedForward, hasExperts, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { type Mamba2, mamba2Mixer, readMamba2 } from '../mamba2-mixer.js'
import { buildGranite, type GraniteConfig, graniteAttention, readGranite } from './granite.js'

interface GraniteHybridConfig extends GraniteConfig {
  readonly mixer: Mamba2
  /** `undefined` for a dense model. */
  readonly experts: Experts | undefined
}

/** Granite 4 H and Bamba: Mamba-2 in all layers but those with key/value heads, dense or with experts. Source: IBM Granite Team 2025. */
export const granitehybrid: Family<GraniteHybridConfig> = {
  architectures: ['granitehybrid'],
  hyperparameters(reader) {
    const isMixture = hasExperts(reader)
    const config = readGranite(reader, { layered: true, experts: isMixture, logitScale: 1 })
    const { layers, heads, feedForwardLength: rows } = config
    const kvHeads = reader.layerCounts('attention.head_count_kv', layers, { fallback: heads })
    const shared = { by: 'length', fallback: 0 } as const
    return {
      ...config,
      attention: config.attention.map((layer, i) => ({ ...layer, kvHeads: kvHeads[i] })),
      mixer: readMamba2(reader),
      experts: isMixture
        ? readExperts(reader, { gating: 'softmax', normalize: true, rows, shared })
        : undefined,
    }
  },
  build(b, h) {
    buildGranite(
      b,
      h,
      (l, x) => feedForward(l, x, h.experts),
      (l, x) => (h.attention[l.layer].kvHeads === 0 ? mamba2Mixer(l, x, h.mixer) : graniteAttention(l, x, h)),
    )
  },
}
