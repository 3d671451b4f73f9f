import { u32 } from '../../../src/gguf/typed-value.js'
import { type Config, readConfig } from '../../../src/model/config.js'
import type { Family } from '../../../src/model/family.js'
import { registerFamily } from '../../../src/model/registry.js'
import { SMALL, smallModel } from '../../model/small.js'
import type { RandomModelOptions } from '../../support/random-model/random-model.js'

interface WindowedConfig extends Config {
  /** Of every layer but the last of each `period`. */
  readonly window: number
  readonly period: number
}

/** A llama whose layers have a window, except the last of each `period`. */
const windowed: Family<WindowedConfig> = {
  architectures: ['windowed'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { ropeType: 'norm' }),
    window: reader.count('window', { maximum: 2 ** 20 }),
    period: reader.count('period', { maximum: 2 ** 20 }),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const window = (l.layer + 1) % h.period === 0 ? undefined : h.window
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(l.rope(q), l.rope(k), v, { window })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

/** `period`: every `period`-th layer has no window; default 2. `layers`: default 3. */
export interface WindowOptions extends Partial<Omit<RandomModelOptions, 'shape'>> {
  readonly window: number
  readonly period?: number
  readonly layers?: number
}

/** A small random model of the family, with heads of 32. */
export function windowedModel({ window, period = 2, layers = 3, ...options }: WindowOptions): Uint8Array {
  registerFamily(windowed)
  return smallModel({
    shape: {
      ...SMALL.shape,
      layers,
      embed: 64,
      heads: 2,
      kvHeads: 1,
      headDim: 32,
      feedForward: 64,
      context: 4096,
    },
    architecture: 'windowed',
    hyperparameters: { window: u32(window), period: u32(period) },
    ...options,
  })
}
