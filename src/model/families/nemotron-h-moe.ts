import type { Value } from '../../backend/program.js'
import type { LayerBuilder } from '../builder/builder.js'
import { readDraftLayers } from '../config.js'
import { type Experts, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { buildNemotronH, type NemotronHConfig, readNemotronH } from './nemotron-h.js'

interface NemotronHMoeConfig extends NemotronHConfig {
  readonly experts: Experts
  /** Width of what experts read and write, between projections of all of them; 0: the stream itself. */
  readonly latent: number
}

/** Nemotron 3 Nano and Super: Nemotron-H with ungated experts and a shared one. Source: NVIDIA 2025. */
export const nemotronHMoe: Family<NemotronHMoeConfig> = {
  architectures: ['nemotron_h_moe'],
  hyperparameters(reader) {
    const config = readNemotronH(reader, { experts: true, draftLayers: readDraftLayers(reader) })
    const experts = readExperts(reader, {
      gating: 'sigmoid',
      normalize: 'file',
      choice: 'file',
      function: 'relu2',
      rows: config.feedForwardLength,
      shared: { by: 'length', fallback: 0 },
    })
    const latent = reader.count('moe_latent_size', { fallback: 0, minimum: 0, maximum: 2 ** 17 })
    return { ...config, experts, latent }
  },
  build: (b, h) => buildNemotronH(b, h, (l, x) => latentExperts(l, x, h)),
}

/** Experts on a projection of the normed `x`, which itself goes to the router and the shared expert. */
function latentExperts(l: LayerBuilder, x: Value, { experts, latent }: NemotronHMoeConfig): Value {
  const { mixture, sharedRows: rows } = experts
  const inner = latent > 0 ? l.linear(x, 'ffn_latent_down', latent) : x
  const routed = l.mixture(inner, mixture, l.linear(x, 'ffn_gate_inp', mixture.experts))
  const outer = latent > 0 ? l.linear(routed, 'ffn_latent_up', x.width) : routed
  return rows > 0 ? l.add(outer, l.mlp(x, 'relu2', { rows, suffix: '_shexp' })) : outer
}
