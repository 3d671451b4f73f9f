import type { Value } from '../../backend/program.js'
import type { RopeSpec } from '../../backend/rope.js'
import type { HeadShapes, LayerBuilder } from '../builder/builder.js'
import { type Config, readConfig } from '../config.js'
import { type Experts, hasExperts, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { perLayerInputs, perLayerResidual } from '../per-layer-inputs.js'
import { readLocalRope, readWindows } from '../windows.js'

interface Gemma4Config extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** The shapes of each layer's attention. Local layers have narrower heads. */
  readonly shapes: readonly Required<HeadShapes>[]
  /** Width of each layer's feed-forward network. */
  readonly feedForwardLengths: readonly number[]
  /** Layers from this one on attend to the keys and values of the last local or global layer before it. */
  readonly firstShared: number
  /** Overrides of the rotary embedding in local layers. */
  readonly localRope: Partial<RopeSpec>
  /** Width of a layer's vector per token (E2B, E4B); 0: none. */
  readonly perLayerWidth: number
  readonly experts: Experts | undefined
  /** Logits are soft-capped to ±`softcap`; 0: no cap. */
  readonly softcap: number
}

/**
 * Gemma 4, dense, as a mixture of experts (26B-A4B) and with per-layer embeddings (E2B, E4B): five local layers for every global
 * layer, which has wider heads, whose keys may be its values, and rotates a quarter of each. Source: Gemma Team 2026.
 */
export const gemma4: Family<Gemma4Config> = {
  architectures: ['gemma4'],
  hyperparameters(reader) {
    const isMixture = hasExperts(reader)
    const config = readConfig(reader, { ropeType: 'neox', layered: true, experts: isMixture })
    const { layers } = config
    const windows = readWindows(reader, layers, {})
    const localDim = readLocalDim(reader, config)
    const kvHeads = reader.layerCounts('attention.head_count_kv', layers, {
      fallback: config.heads,
      minimum: 1,
    })
    return {
      ...config,
      attentionScale: 1,
      windows,
      shapes: windows.map((window, layer) => ({
        heads: config.heads,
        kvHeads: kvHeads[layer],
        headDim: window === undefined ? config.headDim : localDim,
      })),
      feedForwardLengths: reader.layerCounts('feed_forward_length', layers, { minimum: 1 }),
      firstShared: readFirstShared(reader, windows),
      localRope: {
        ...readLocalRope(reader),
        dims: readLocalRopeDim(reader, config, localDim),
        factors: undefined,
      },
      perLayerWidth: reader.count('embedding_length_per_layer_input', { minimum: 0, maximum: WIDEST_INPUT }),
      experts: isMixture ? readExperts(reader, MIXTURE) : undefined,
      softcap: reader.real('final_logit_softcapping', 30),
    }
  },
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    const inputOf = h.perLayerWidth > 0 ? perLayerInputs(b, h, x, h.perLayerWidth) : undefined
    // The last result of attention with keys and values of its own.
    const last: { local?: Value; global?: Value } = {}
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const kind = window === undefined ? 'global' : 'local'
      const shapes = h.shapes[l.layer]
      const rope = kind === 'local' ? h.localRope : {}
      const rotated = (value: Value, norm: string) => l.rope(l.headNorm(value, norm), rope)
      const normed = l.rmsNorm(x, 'attn_norm')
      const source = l.layer < h.firstShared ? undefined : last[kind]
      let attended: Value
      if (source) {
        for (const name of OWN_KEYS) l.unused(name)
        attended = l.sharedAttention(rotated(l.queries(normed, shapes), 'attn_q_norm'), source)
      } else {
        const { q, k, v } = l.qkv(normed, { ...shapes, tied: true })
        const [queries, keys] = [rotated(q, 'attn_q_norm'), rotated(k, 'attn_k_norm')]
        attended = l.attention(queries, keys, l.headNorm(v), { window })
        last[kind] = attended
      }
      const projected = l.linear(attended, 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(projected, 'post_attention_norm'))
      x = l.add(x, l.rmsNorm(feedForward(l, x, h), 'post_ffw_norm'))
      if (inputOf) x = l.add(x, perLayerResidual(l, x, inputOf(l)))
      if (l.has(OUTPUT_SCALE)) x = l.affine(x, { weight: OUTPUT_SCALE, length: 1 })
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { softcap: h.softcap })
  },
}

/** The feed-forward network; in a mixture, what experts add to it, chosen by the stream before its norm. */
function feedForward(
  l: LayerBuilder,
  x: Value,
  { experts, feedForwardLengths, embeddingLength }: Gemma4Config,
) {
  const dense = l.geglu(l.rmsNorm(x, 'ffn_norm'), { rows: feedForwardLengths[l.layer] })
  if (!experts || !l.has('ffn_gate_inp.weight')) return dense
  const { mixture } = experts
  const scaled = l.affine(l.scale(l.rmsNorm(x), 1 / Math.sqrt(embeddingLength)), {
    weight: 'ffn_gate_inp.scale',
    length: embeddingLength,
  })
  const router = l.linear(scaled, 'ffn_gate_inp', mixture.experts, { scaled: false })
  const routed = l.mixture(l.rmsNorm(x, 'pre_ffw_norm_2'), mixture, router)
  return l.add(l.rmsNorm(dense, 'post_ffw_norm_1'), l.rmsNorm(routed, 'post_ffw_norm_2'))
}

const MIXTURE = { gating: 'softmax', normalize: true, function: 'geglu' } as const
const OUTPUT_SCALE = 'layer_output_scale.weight'
/** What layers that share keys and values have in some files. */
const OWN_KEYS = ['attn_k.weight', 'attn_v.weight', 'attn_k_norm.weight']
/** Largest width of a layer's vector per token. */
const WIDEST_INPUT = 2 ** 14
/** Largest width of a head. */
const WIDEST_HEAD = 4096

/** Width of local layers' heads, the same for keys and values. */
function readLocalDim(reader: HyperparameterReader, { headDim }: Config): number {
  const keys = reader.count('attention.key_length_swa', { fallback: headDim, maximum: WIDEST_HEAD })
  const values = reader.count('attention.value_length_swa', { fallback: keys, maximum: WIDEST_HEAD })
  if (keys === values && keys % 4 === 0) return keys
  throw reader.error(
    'UNSUPPORTED',
    `heads of ${keys} key and ${values} value dimensions in layers with a window; both must be the same multiple of 4`,
  )
}

function readLocalRopeDim(reader: HyperparameterReader, { ropeDim }: Config, localDim: number): number {
  const key = 'rope.dimension_count_swa'
  const dims = reader.count(key, { fallback: ropeDim, maximum: WIDEST_HEAD })
  if (dims <= localDim && dims % 2 === 0) return dims
  throw reader.error(
    'BAD_FORMAT',
    `${dims} rotary dimensions ("${reader.key(key)}") in heads of ${localDim}; an even number up to ${localDim} is needed`,
  )
}

/** The first of the last `attention.shared_kv_layers` layers. */
function readFirstShared(reader: HyperparameterReader, windows: readonly (number | undefined)[]): number {
  const key = 'attention.shared_kv_layers'
  const shared = reader.count(key, { fallback: 0, minimum: 0, maximum: windows.length })
  const first = windows.length - shared
  const [local, global] = first < 2 ? [] : [{ window: windows[first - 2] }, { window: windows[first - 1] }]
  const areSources = local?.window !== undefined && global !== undefined && global.window === undefined
  if (shared === 0 || areSources) return first
  throw reader.error(
    'BAD_FORMAT',
    `"${reader.key(key)}" is ${shared}, but the layers before those ${shared} do not end with one with a window and one without`,
  )
}
