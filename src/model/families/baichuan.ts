import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import type { HyperparameterReader } from '../hyperparameter-reader.js'
import { llama } from './llama.js'

interface BaichuanConfig extends Config {
  readonly positions: 'rope' | 'alibi'
}

/** The two sizes, by their layers; files do not say which positions they use. */
const POSITIONS = new Map([
  [32, 'rope'],
  [40, 'alibi'],
] as const)

const MAX_BIAS = 8

/** Baichuan 1 and 2: 7B is llama, 13B has ALiBi instead of rotary embeddings. Source: Yang et al. 2023. */
export const baichuan: Family<BaichuanConfig> = {
  architectures: ['baichuan'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'norm' })
    return { ...config, positions: readPositions(reader, config.layers) }
  },
  build(b, h) {
    if (h.positions === 'rope') return llama.build(b, h)
    let x = b.embed('token_embd')
    for (const l of b.layers()) {
      const { q, k, v } = l.qkv(l.rmsNorm(x, 'attn_norm'))
      const attended = l.attention(q, k, v, { bias: { kind: 'alibi', maxBias: MAX_BIAS } })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      x = l.add(x, l.swiglu(l.rmsNorm(x, 'ffn_norm')))
    }
    b.logits(b.rmsNorm(x, 'output_norm'))
  },
}

function readPositions(reader: HyperparameterReader, layers: number): BaichuanConfig['positions'] {
  const positions = POSITIONS.get(layers as 32 | 40)
  if (positions) return positions
  throw reader.error(
    'UNSUPPORTED',
    `"${reader.key('block_count')}" is ${layers}; a model of this family has ${[...POSITIONS.keys()].join(' or ')} layers`,
  )
}
