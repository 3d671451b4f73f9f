import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import { type Experts, feedForward, readExperts } from '../experts.js'
import type { Family } from '../family.js'
import { readWindowRope, readWindows } from '../windows.js'

interface GptOssConfig extends Config {
  readonly experts: Experts
  /** Sliding window of each layer; `undefined`: all positions. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in layers with a window. */
  readonly windowRope: Partial<RopeSpec>
}

/** gpt-oss: attention sinks, a window in every other layer, biases everywhere. Source: OpenAI 2025. */
export const gptOss: Family<GptOssConfig> = {
  architectures: ['gpt-oss'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', experts: true })
    return {
      ...config,
      experts: readExperts(reader, { gating: 'softmaxOfChosen', normalize: false, function: 'swigluOai' }),
      windows: readWindows(reader, config.layers, { period: 2 }),
      windowRope: readWindowRope(reader, config),
    }
  },
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const rope = window === undefined ? {} : h.windowRope
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q, rope), l.rope(k, rope), v, { window, sinks: 'attn_sinks' })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, feedForward(l, l.rmsNorm(x, 'post_attention_norm'), h.experts))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}
