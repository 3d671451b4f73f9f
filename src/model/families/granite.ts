import type { Value } from '../../backend/program.js'
import type { Builder, LayerBuilder } from '../builder/builder.js'
import { type Config, type FamilyTraits, readConfig } from '../config.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { readLogitDivisor, readScale, type Scales } from '../scales.js'

/** What a layer's attention is like. */
interface LayerAttention {
  readonly hasRope: boolean
  /** Default: the configuration's. */
  readonly kvHeads?: number
  readonly window?: number | undefined
  /** Name of the vector of attention sinks. */
  readonly sinks?: string
}

export interface GraniteConfig extends Config, Scales {
  readonly attention: readonly LayerAttention[]
}

/** Granite 3 and 4, dense: llama with scaled embeddings, residuals, scores and logits. Source: IBM Granite Team 2024. */
export const granite: Family<GraniteConfig> = {
  architectures: ['granite'],
  hyperparameters: (reader) => readGranite(reader),
  build: (b, h) => buildGranite(b, h, (l, x) => l.swiglu(x)),
}

/**
 * The hyperparameters of all Granite decoders. Files of models without positions say that rope is not "finetuned". `logitScale`:
 * what logits are divided by in files that do not say it; default: they must.
 */
export function readGranite(
  reader: HyperparameterReader,
  { logitScale, ...traits }: FamilyTraits & { readonly logitScale?: number } = {},
): GraniteConfig {
  const config = readConfig(reader, { ropeType: 'norm', ...traits })
  const hasRope = reader.flag('rope.scaling.finetuned', true)
  return {
    ...config,
    embeddingScale: readScale(reader, 'embedding_scale'),
    residualScale: readScale(reader, 'residual_scale'),
    logitScale: readLogitDivisor(reader, logitScale),
    attention: Array.from({ length: config.layers }, () => ({ hasRope })),
  }
}

/** Granite's attention to the normed `x`, its output projection included. */
export function graniteAttention(l: LayerBuilder, x: Value, h: GraniteConfig): Value {
  const { hasRope, kvHeads, ...options } = h.attention[l.layer]
  const { q, k, v } = l.qkv(x, { kvHeads })
  const attended = hasRope ? l.attention(l.rope(q), l.rope(k), v, options) : l.attention(q, k, v, options)
  return l.linear(attended, 'attn_output', h.embeddingLength)
}

/** Granite's decoder around a feed-forward layer and a mixer, by default attention; both read their normed input. */
export function buildGranite(
  b: Builder,
  h: GraniteConfig,
  feedForward: (l: LayerBuilder, x: Value) => Value,
  mix = (l: LayerBuilder, x: Value) => graniteAttention(l, x, h),
): void {
  let x = b.scale(b.embed('token_embd'), h.embeddingScale)
  for (const l of b.layers()) {
    x = l.add(x, l.scale(mix(l, l.rmsNorm(x, 'attn_norm')), h.residualScale))
    x = l.add(x, l.scale(feedForward(l, l.rmsNorm(x, 'ffn_norm')), h.residualScale))
  }
  b.logits(b.rmsNorm(x, 'output_norm'), { scale: h.logitScale })
}
