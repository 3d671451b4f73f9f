import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig, readRopeTheta } from '../config.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'

interface Gemma3Config extends Config {
  /** Window and rotary embedding of each layer. */
  readonly attention: readonly LayerAttention[]
  /** Logits are soft-capped to ±`softcap`; 0: no cap. */
  readonly softcap: number
}

interface LayerAttention {
  /** Sliding-window size (local attention); `undefined` for global attention. */
  readonly window?: number
  /** Overrides of the configuration's rotary embedding. */
  readonly rope?: Partial<RopeSpec>
}

/** Five local layers for every global layer. */
const DEFAULT_PERIOD = 6

/** Layers of 27B, the only size whose query scale is not 1/√headDim. */
const LAYERS_OF_27B = 62

/** Gemma 3, and models converted to it: MedGemma, FunctionGemma, Rnj-1. Source: Gemma Team 2025. */
export const gemma3: Family<Gemma3Config> = {
  architectures: ['gemma3'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox' })
    const { embeddingLength, heads, headDim, layers } = config
    const queryWidth = layers === LAYERS_OF_27B ? Math.floor(embeddingLength / heads) : headDim
    return {
      ...config,
      attentionScale: 1 / Math.sqrt(queryWidth),
      attention: readAttention(reader, layers),
      softcap: reader.real('final_logit_softcapping', 0),
    }
  },
  build(b, h) {
    let x = b.scale(b.embed('token_embd'), Math.sqrt(h.embeddingLength))
    for (const l of b.layers()) {
      const { window, rope } = h.attention[l.layer]
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const queries = l.rope(l.headNorm(q, 'attn_q_norm'), rope)
      const keys = l.rope(l.headNorm(k, 'attn_k_norm'), rope)
      const attended = l.linear(l.attention(queries, keys, v, { window }), 'attn_output', h.embeddingLength)
      x = l.add(x, l.rmsNorm(attended, 'post_attention_norm'))
      const fedForward = l.geglu(l.rmsNorm(x, 'ffn_norm'))
      x = l.add(x, l.rmsNorm(fedForward, 'post_ffw_norm'))
    }
    b.logits(b.rmsNorm(x, 'output_norm'), { softcap: h.softcap })
  },
}

/** Without a window in the file, every layer is global. Rope scaling applies to global layers only. */
function readAttention(reader: HyperparameterReader, layers: number): LayerAttention[] {
  const window = reader.count('attention.sliding_window', { fallback: 0, minimum: 0 })
  if (window === 0) return Array.from({ length: layers }, () => ({}))
  const isLocal = readPattern(reader, layers)
  const theta = readRopeTheta(reader, 'rope.freq_base_swa')
  const rope: Partial<RopeSpec> = { theta, scaling: { type: 'none' } }
  return isLocal.map((local) => (local ? { window, rope } : {}))
}

/** Which layers are local. The file has a flag per layer or the period; a period of 0 makes every layer local. */
function readPattern(reader: HyperparameterReader, layers: number): readonly boolean[] {
  const key = 'attention.sliding_window_pattern'
  const flags = reader.layerFlags(key, layers)
  if (flags) return flags
  const period = reader.count(key, { fallback: DEFAULT_PERIOD, minimum: 0 })
  return Array.from({ length: layers }, (_, layer) => period === 0 || layer % period < period - 1)
}
