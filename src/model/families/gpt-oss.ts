import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig, readRopeTheta } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'

interface GptOssConfig extends Config {
  readonly experts: Experts
  readonly window: number
  readonly isLocal: readonly boolean[]
  /** The rotary embedding of layers with a window. */
  readonly localRope: Partial<RopeSpec>
}

/** gpt-oss: attention sinks, a window in every other layer, biases everywhere. Source: OpenAI 2025. */
export const gptOss: Family<GptOssConfig> = {
  architectures: ['gpt-oss'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    return {
      ...config,
      experts: readExperts(reader, { gating: 'softmaxOfChosen', normalize: false, function: 'swigluOai' }),
      window: reader.count('attention.sliding_window'),
      isLocal: readPattern(reader, config.layers),
      localRope: reader.has('rope.freq_base_swa')
        ? { theta: readRopeTheta(reader, 'rope.freq_base_swa') }
        : {},
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const isLocal = h.isLocal[l.layer]
      const rope = isLocal ? h.localRope : {}
      const window = isLocal ? h.window : undefined
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q, rope), l.rope(k, rope), v, { window, sinks: 'attn_sinks' })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'post_attention_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

/** Which layers have a window: a flag per layer, or the period, whose last layer has none; by default every other layer. */
function readPattern(reader: HyperparameterReader, layers: number): readonly boolean[] {
  const key = 'attention.sliding_window_pattern'
  const flags = reader.layerFlags(key, layers)
  if (flags) return flags
  const period = reader.count(key, { fallback: 2, minimum: 0 })
  return Array.from({ length: layers }, (_, layer) => period === 0 || layer % period < period - 1)
}
