import { u32 } from '../../src/gguf/typed-value.js'
import { type Config, readConfig } from '../../src/model/config.js'
import type { Family } from '../../src/model/family.js'
import { registerFamily } from '../../src/model/registry.js'
import { SMALL, smallModel } from '../model/small.js'
import type { RandomModelOptions } from './random-model/random-model.js'

interface HybridConfig extends Config {
  /** Every `period`-th layer is one of attention. */
  readonly period: number
  /** Width of the recurrent layers' heads. */
  readonly stateDim: number
}

/** Heads of the recurrent layers. */
const HEADS = 2
const TAPS = 4

/** Layers of a convolution and the gated delta rule, except each `period`-th, which is one of attention. */
const hybrid: Family<HybridConfig> = {
  architectures: ['hybrid'],
  hyperparameters: (reader) => ({
    ...readConfig(reader, { ropeType: 'norm' }),
    period: reader.count('period', { maximum: 2 ** 20 }),
    stateDim: reader.count('state_dim', { maximum: 2 ** 10 }),
  }),
  build(b, h) {
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const n = l.rmsNorm(x, 'attn_norm')
      const mixed = () => {
        const { q, k, v } = l.qkv(n)
        return l.attention(l.rope(q), l.rope(k), v)
      }
      const remembered = () => {
        const width = HEADS * h.stateDim
        const all = l.silu(l.conv(l.linear(n, 'ssm_in', 3 * width), 'ssm_conv1d', TAPS))
        const part = (index: number) => l.splitHeads(l.slice(all, index * width, width), HEADS)
        const decay = l.scale(l.activation(l.linear(n, 'ssm_alpha', HEADS), 'softplus'), -0.1)
        const beta = l.activation(l.linear(n, 'ssm_beta', HEADS), 'sigmoid')
        const [q, k, v] = [l.unitNorm(part(0)), l.unitNorm(part(1)), part(2)]
        return l.deltaRule({ q, k, v, decay, beta }, { sharing: 'groups' })
      }
      const isAttention = (l.layer + 1) % h.period === 0
      const out = isAttention ? mixed() : remembered()
      x = l.add(x, l.linear(out, isAttention ? 'attn_output' : 'ssm_out', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

/** Bytes of the states of one recurrent layer: of its convolution and of its delta rule. */
export function layerStateBytes(stateDim: number): number {
  return 4 * ((TAPS - 1) * 3 * HEADS * stateDim + HEADS * stateDim * stateDim)
}

/**
 * A small random model of the family. `period`: default 2; more than there are layers: none of them is one of attention. `layers`:
 * default 2. `stateDim`: default 8.
 */
export function hybridModel({
  period = 2,
  layers = 2,
  stateDim = 8,
  ...options
}: Partial<Omit<RandomModelOptions, 'shape'>> & {
  period?: number
  layers?: number
  stateDim?: number
} = {}): Uint8Array {
  registerFamily(hybrid)
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
    architecture: 'hybrid',
    hyperparameters: { period: u32(period), state_dim: u32(stateDim) },
    ...options,
  })
}
