import type { Value } from '../../backend/program.js'
import type { Builder, LayerBuilder } from '../builder/builder.js'
import { type Config, type FamilyTraits, readConfig } from '../config.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { type Mamba2, mamba2Mixer, readMamba2 } from '../mamba2-mixer.js'

/** What a layer has of one of the three: attention, a feed-forward network or, with 0 of both, Mamba-2. */
interface NemotronLayer {
  readonly kvHeads: number
  /** Width of the feed-forward network or of its experts; a layer that has one has no attention. */
  readonly feedForward: number
}

export interface NemotronHConfig extends Config {
  readonly mixer: Mamba2
  readonly sublayers: readonly NemotronLayer[]
}

/** Nemotron-H and Nemotron Nano 2: Mamba-2, attention without positions, or relu² in each layer. Source: NVIDIA 2025. */
export const nemotronH: Family<NemotronHConfig> = {
  architectures: ['nemotron_h'],
  hyperparameters: (reader) => readNemotronH(reader),
  build: (b, h) => buildNemotronH(b, h, (l, x, rows) => l.mlp(x, 'relu2', { rows })),
}

export function readNemotronH(reader: HyperparameterReader, traits: FamilyTraits = {}): NemotronHConfig {
  const norm = reader.has('attention.layer_norm_rms_epsilon') ? 'rms' : 'layer'
  const config = readConfig(reader, { ...traits, norm, layered: true })
  const { layers, heads } = config
  const kvHeads = reader.layerCounts('attention.head_count_kv', layers, { fallback: heads })
  const feedForward = reader.layerCounts('feed_forward_length', layers)
  return {
    ...config,
    mixer: readMamba2(reader),
    sublayers: kvHeads.map((shared, i) => ({ kvHeads: shared, feedForward: feedForward[i] })),
  }
}

/** Nemotron-H's decoder around a feed-forward network, which reads its normed input. */
export function buildNemotronH(
  b: Builder,
  h: NemotronHConfig,
  feedForward: (l: LayerBuilder, x: Value, rows: number) => Value,
): void {
  const attention = (l: LayerBuilder, x: Value, kvHeads: number) => {
    const { q, k, v } = l.qkv(x, { kvHeads })
    return l.linear(l.attention(q, k, v), 'attn_output', h.embeddingLength)
  }
  let x = b.embed('token_embd')
  for (const l of b.layers()) {
    const { kvHeads, feedForward: rows } = h.sublayers[l.layer]
    const n = l.rmsNorm(x, 'attn_norm')
    if (rows > 0) x = l.add(x, feedForward(l, n, rows))
    else if (kvHeads > 0) x = l.add(x, attention(l, n, kvHeads))
    else x = l.add(x, mamba2Mixer(l, n, h.mixer))
  }
  b.logits(b.rmsNorm(x, 'output_norm'))
}
