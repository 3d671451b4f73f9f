import type { RopeScaling } from '../../backend/rope.js'
import { log } from '../../math/elementary.js'
import { type Config, readConfig, readDraftLayers } from '../config.js'
import { type Experts, feedForward, hasExperts, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { type LatentAttention, latentAttention, readLatentAttention } from '../latent-attention.js'

interface DeepSeek2Config extends Config {
  readonly experts: Experts | undefined
  readonly latent: LatentAttention
  /** How much queries grow with the logarithm of their position, per `interval`; 0: not at all. */
  readonly temperature: number
  readonly interval: number
}

/** GLM 4.7 Flash, whose files lack the gating. */
const SIGMOID_VOCABULARY = 154_880

/**
 * DeepSeek V2, V3 and R1, and what converts to them (GLM 4.7 Flash, Kimi K2): latent attention, experts with shared ones, dense
 * leading layers. Source: DeepSeek-AI 2024.
 */
export const deepseek2: Family<DeepSeek2Config> = {
  architectures: ['deepseek2'],
  hyperparameters(reader) {
    const mixed = hasExperts(reader)
    const draftLayers = readDraftLayers(reader)
    const traits = { ropeType: 'norm', experts: mixed, valueWidths: true, draftLayers } as const
    const config = readConfig(reader, traits)
    const latent = readLatentAttention(reader, config)
    const gating = config.vocabSize === SIGMOID_VOCABULARY ? 'sigmoid' : 'softmax'
    const shared = { by: 'count' } as const
    const temperature = reader.real('attention.temperature_scale', 0)
    return {
      ...config,
      ...readScaling(reader, config, latent.keyDim),
      experts: mixed ? readExperts(reader, { gating, normalize: 'file', choice: 'file', shared }) : undefined,
      latent,
      temperature,
      interval: temperature ? reader.count('attention.temperature_length') : 1,
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const attended = latentAttention(l, l.rmsNorm(x, 'attn_norm'), h, h.latent, (q) =>
        h.temperature ? l.temperature(q, h.temperature, h.interval) : q,
      )
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'ffn_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

/**
 * YaRN's magnitude m belongs to scores instead of keys here: they are multiplied with m². `yarn_log_multiplier`, a tenth of the
 * configuration's `mscale_all_dim`, gives m; without it, it applies to keys as well.
 */
function readScaling(
  reader: HyperparameterReader,
  { ropeScaling }: Config,
  keyDim: number,
): { readonly ropeScaling: RopeScaling; readonly attentionScale: number } {
  const scale = 1 / Math.sqrt(keyDim)
  if (ropeScaling.type !== 'yarn' || ropeScaling.factor <= 1) return { ropeScaling, attentionScale: scale }
  const { attentionFactor, factor } = ropeScaling
  const multiplier = reader.real('rope.scaling.yarn_log_multiplier', 0)
  const usual = 1 + 0.1 * log(factor)
  const magnitude = attentionFactor * (multiplier === 0 ? usual : 1 + multiplier * log(factor))
  return {
    ropeScaling:
      multiplier === 0 ? ropeScaling : { ...ropeScaling, attentionFactor: attentionFactor / usual },
    attentionScale: magnitude * magnitude * scale,
  }
}
