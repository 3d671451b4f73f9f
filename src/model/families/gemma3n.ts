import type { Value } from '../../backend/program.js'
import type { RopeSpec } from '../../backend/rope.js'
import type { Builder, LayerBuilder } from '../builder/builder.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { perLayerInputs, perLayerResidual } from '../per-layer-inputs.js'
import { readLocalRope, readWindows } from '../windows.js'

interface Gemma3nConfig extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in local layers. */
  readonly localRope: Partial<RopeSpec>
}

// What all published models have in common. llama.cpp reads none of it from the file.

/** Residual streams, of which the first one goes through the layer. */
const STREAMS = 4
/** Width of a layer's vector per token. */
const PER_LAYER_WIDTH = 256
/** Rank of the linear path beside attention. */
const LAUREL_RANK = 64
/** Layers with keys and values of their own. */
const OWN_CACHES = 20
/** Layers whose gates keep only the values that are large for a normal distribution: those beyond 95 %. */
const SPARSE_LAYERS = 10
const SPARSE_DEVIATIONS = 1.6448533535003662
const SOFTCAP = 30

/**
 * Gemma 3n (E2B, E4B): four residual streams (Baykal et al. 2023, AltUp), a linear path of low rank beside attention (Menghani et
 * al. 2024, LAuReL), per-layer embeddings, and caches that later layers share. Source: Gemma Team 2025.
 */
export const gemma3n: Family<Gemma3nConfig> = {
  architectures: ['gemma3n'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    checkConstants(reader, config)
    const windows = readWindows(reader, config.layers, { period: 5 })
    checkSources(reader, windows)
    return { ...config, attentionScale: 1, windows, localRope: readLocalRope(reader) }
  },
  build(b, h) {
    const embedded = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    const inputOf = perLayerInputs(b, h, embedded, PER_LAYER_WIDTH)
    let streams = firstStreams(b, embedded)
    // The last results of attention with keys and values of its own.
    const last: { local?: Value; global?: Value } = {}
    for (const l of b.layers()) {
      const kind = h.windows[l.layer] === undefined ? 'global' : 'local'
      const predicted = predict(l, streams)
      const x = stream(l, predicted, 0)
      const normed = l.rmsNorm(x, 'attn_norm')
      const attended = attention(l, normed, h, l.layer < OWN_CACHES ? undefined : last[kind])
      if (l.layer < OWN_CACHES) last[kind] = attended
      const projected = l.linear(attended, 'attn_output', h.embeddingLength)
      const gated = l.add(x, l.rmsNorm(projected, 'post_attention_norm'))
      const inner = l.scale(l.add(gated, laurel(l, normed)), Math.SQRT1_2)
      const fedForward = feedForward(l, l.rmsNorm(inner, 'ffn_norm'), h.feedForwardLength)
      const activated = l.add(inner, l.rmsNorm(fedForward, 'post_ffw_norm'))
      streams = addToOthers(l, correct(l, predicted, activated), inputOf(l))
    }
    b.logits(b.rmsNorm(merged(b, streams), 'output_norm'), { softcap: SOFTCAP })
  },
}

function stream(b: Builder, streams: Value, index: number): Value {
  const width = streams.width / STREAMS
  return b.slice(b.splitHeads(streams, 1), index * width, width)
}

/** All streams but the first one. */
function others(b: Builder, streams: Value): Value {
  const width = streams.width / STREAMS
  return b.splitHeads(b.slice(b.splitHeads(streams, 1), width, streams.width - width), STREAMS - 1)
}

/** x with the length of `like`, each head. */
function withLength(b: Builder, x: Value, like: Value): Value {
  return b.scaleRows(b.unitNorm(x), b.length(like))
}

/** The embedding, and projections of it with its length. */
function firstStreams(b: Builder, embedded: Value): Value {
  const copies = b.repeat(embedded, STREAMS - 1)
  const projected = withLength(b, b.headLinear(copies, 'altup_proj', embedded.width), embedded)
  return b.splitHeads(b.concat(embedded, b.splitHeads(projected, 1)), STREAMS)
}

/** The mean of the first stream and of projections of the others with its length. */
function merged(b: Builder, streams: Value): Value {
  const first = stream(b, streams, 0)
  const projected = withLength(b, b.headLinear(others(b, streams), 'altup_unembd_proj', first.width), first)
  let sum = first
  for (let i = 0; i < STREAMS - 1; i++) {
    sum = b.add(sum, b.slice(b.splitHeads(projected, 1), i * first.width, first.width))
  }
  return b.scale(sum, 1 / STREAMS)
}

/** What a stream says about how to combine streams. */
function modalities(l: LayerBuilder, x: Value): Value {
  const normed = l.scale(l.rmsNorm(x, 'altup_router_norm'), 1 / x.width)
  return l.activation(l.linear(normed, 'altup_router', STREAMS), 'tanh')
}

/** Each stream with a combination of all of them. */
function predict(l: LayerBuilder, streams: Value): Value {
  const factors = l.linear(modalities(l, stream(l, streams, 0)), 'altup_predict_coef', STREAMS * STREAMS)
  return l.add(streams, l.mixHeads(streams, factors))
}

/** Each predicted stream with a part of what the layer has changed in the first one. */
function correct(l: LayerBuilder, predicted: Value, activated: Value): Value {
  const change = l.add(activated, l.scale(stream(l, predicted, 0), -1))
  const factors = l.linear(modalities(l, activated), 'altup_correct_coef', STREAMS)
  return l.add(predicted, l.mixHeads(change, factors, { plus: 1 }))
}

/** Adds the per-layer embedding, gated by the first stream, to the other ones. */
function addToOthers(l: LayerBuilder, streams: Value, input: Value): Value {
  const first = stream(l, streams, 0)
  const scaled = l.affine(first, { weight: 'altup_correct_scale.weight', length: first.width })
  const added = l.repeat(perLayerResidual(l, scaled, input), STREAMS - 1)
  const rest = l.add(others(l, streams), added)
  return l.splitHeads(l.concat(first, l.splitHeads(rest, 1)), STREAMS)
}

/** Attention to the layer's own keys and values, or to those of an earlier one, whose result was `source`. */
function attention(l: LayerBuilder, x: Value, h: Gemma3nConfig, source: Value | undefined): Value {
  const window = h.windows[l.layer]
  const rope = window === undefined ? {} : h.localRope
  const rotated = (value: Value, norm: string) =>
    l.rope(l.headNorm(value, norm), { factors: undefined, ...rope })
  if (source) {
    for (const name of OWN_KEYS) l.unused(name)
    return l.sharedAttention(rotated(l.queries(x), 'attn_q_norm'), source)
  }
  const { q, k, v } = l.qkv(x)
  return l.attention(rotated(q, 'attn_q_norm'), rotated(k, 'attn_k_norm'), l.headNorm(v), { window })
}

/** What the layers have that read another layer's cache. */
const OWN_KEYS = ['attn_k.weight', 'attn_v.weight', 'attn_k_norm.weight']

function laurel(l: LayerBuilder, x: Value): Value {
  const low = l.linear(x, 'laurel_l', LAUREL_RANK)
  return l.add(x, l.rmsNorm(l.linear(low, 'laurel_r', x.width), 'laurel_post_norm'))
}

function feedForward(l: LayerBuilder, x: Value, rows: number): Value {
  if (l.layer >= SPARSE_LAYERS) return l.geglu(x)
  const gate = l.gelu(l.gaussianTopK(l.linear(x, 'ffn_gate', rows), SPARSE_DEVIATIONS))
  return l.linear(l.multiply(gate, l.linear(x, 'ffn_up', rows)), 'ffn_down', x.width)
}

/** Throws if a file says something else than the constants. */
function checkConstants(reader: HyperparameterReader, { layers }: Config): void {
  const constants: readonly (readonly [key: string, value: number])[] = [
    ['altup.num_inputs', STREAMS],
    ['altup.active_idx', 0],
    ['embedding_length_per_layer_input', PER_LAYER_WIDTH],
    ['attention.shared_kv_layers', Math.max(0, layers - OWN_CACHES)],
  ]
  for (const [key, value] of constants) {
    const found = reader.count(key, { fallback: value, minimum: 0 })
    if (found === value) continue
    throw reader.error('UNSUPPORTED', `"${reader.key(key)}" is ${found}; only ${value} is supported here`)
  }
}

/** The layers before the first that shares caches: a local one, then a global one. */
function checkSources(reader: HyperparameterReader, windows: readonly (number | undefined)[]): void {
  const { length } = windows
  if (length <= OWN_CACHES) return
  if (windows[OWN_CACHES - 2] !== undefined && windows[OWN_CACHES - 1] === undefined) return
  throw reader.error(
    'UNSUPPORTED',
    `${length} layers, of which those from layer ${OWN_CACHES} on share the caches of layers ${OWN_CACHES - 2} and ${OWN_CACHES - 1}; by "${reader.key('attention.sliding_window_pattern')}" these are not one with a window and one without`,
  )
}
