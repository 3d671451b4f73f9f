import type { Family } from '../family.js'
import { readWindows } from '../windows.js'
import { buildGranite, type GraniteConfig, readGranite } from './granite.js'

/** Granite with sliding windows, attention sinks, and layers without positions. Source: IBM Granite Team 2026. */
export const graniteSwa: Family<GraniteConfig> = {
  architectures: ['granite_swa'],
  hyperparameters(reader) {
    const config = readGranite(reader)
    const windows = readWindows(reader, config.layers, {})
    const hasRope = reader.layerFlags('attention.rope_pattern', config.layers)
    const attention = windows.map((window, layer) => ({
      window,
      hasRope: hasRope?.[layer] ?? true,
      sinks: 'attn_sinks',
    }))
    return { ...config, attention }
  },
  build: (b, h) => buildGranite(b, h, (l, x) => l.swiglu(x)),
}
