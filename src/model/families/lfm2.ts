import type { Value } from '../../backend/program.js'
import type { LayerBuilder } from '../builder/builder.js'
import { type Config, type FamilyTraits, readConfig } from '../config.js'
import { type Experts, feedForward } from '../experts.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'

export interface Lfm2Config extends Config {
  /** Key/value heads of each layer; 0: a convolution takes the place of attention. */
  readonly layerKvHeads: readonly number[]
  /** Rows of the convolutions' kernels. */
  readonly taps: number
  /** How many positions a token attends to in layers with attention; 0: all. */
  readonly window: number
  readonly experts?: Experts
}

/** Most rows of a kernel. */
const MOST_TAPS = 64

/** LFM2 and LFM2.5, dense: short gated convolutions, and attention in some layers. Source: Liquid AI 2025. */
export const lfm2: Family<Lfm2Config> = {
  architectures: ['lfm2'],
  hyperparameters: (reader) => ({
    ...readShortConvolutions(reader, {}),
    window: reader.count('attention.sliding_window', { fallback: 0, minimum: 0 }),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      x = l.add(x, h.layerKvHeads[l.layer] === 0 ? shortConvolution(l, n, h) : attention(l, n, h))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts))
    }
    // Files name the last norm after the embedding.
    b.logits(b.rmsNorm(x, 'token_embd_norm'))
  },
}

/** What all LFM2 models have. Throws `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key. */
export function readShortConvolutions(reader: HyperparameterReader, traits: FamilyTraits): Lfm2Config {
  const config = readConfig(reader, { ropeType: 'neox', layered: true, ...traits })
  return {
    ...config,
    layerKvHeads: reader.layerCounts('attention.head_count_kv', config.layers, { fallback: config.heads }),
    taps: reader.count('shortconv.l_cache', { minimum: 2, maximum: MOST_TAPS }),
    window: 0,
  }
}

/** The middle third of the row is the gate of the convolution's result, the first that of its input. */
function shortConvolution(l: LayerBuilder, x: Value, { taps }: Lfm2Config): Value {
  const all = l.linear(x, 'shortconv.in_proj', 3 * x.width)
  const [inner, outer, values] = [0, 1, 2].map((third) => l.slice(all, third * x.width, x.width))
  const mixed = l.conv(l.multiply(inner, values), 'shortconv.conv', taps)
  return l.linear(l.multiply(outer, mixed), 'shortconv.out_proj', x.width)
}

function attention(l: LayerBuilder, x: Value, { layerKvHeads, window }: Lfm2Config): Value {
  const { q, k, v } = l.qkv(x, { kvHeads: layerKvHeads[l.layer] })
  const queries = l.rope(l.headNorm(q, 'attn_q_norm'))
  const keys = l.rope(l.headNorm(k, 'attn_k_norm'))
  return l.linear(l.attention(queries, keys, v, { window: window || undefined }), 'attn_output', x.width)
}
