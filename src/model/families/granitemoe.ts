import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { buildGranite, type GraniteConfig, readGranite } from './granite.js'

/** Granite 3 with experts (1b-a400m, 3b-a800m). Source: IBM Granite Team 2024. */
export const granitemoe: Family<GraniteConfig & { readonly experts: Experts }> = {
  architectures: ['granitemoe'],
  hyperparameters(reader) {
    const config = readGranite(reader, { experts: true })
    const { feedForwardLength: rows } = config
    const shared = { by: 'length', fallback: 0 } as const
    return { ...config, experts: readExperts(reader, { gating: 'softmax', normalize: true, rows, shared }) }
  },
  build: (b, h) => buildGranite(b, h, (l, x) => feedForward(l, x, h.experts)),
}
