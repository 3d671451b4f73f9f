import type { RopeSpec } from '../../backend/rope.js'
import { type Config, readConfig } from '../config.js'
import type { Family } from '../family.js'
import { rankingHead, readRanking } from '../ranking.js'
import { readLocalRope, readWindows } from '../windows.js'

interface ModernBertConfig extends Config {
  /** Sliding window of each layer (local attention); `undefined` for global attention. */
  readonly windows: readonly (number | undefined)[]
  /** Overrides of the rotary embedding in local layers. */
  readonly localRope: Partial<RopeSpec>
  readonly gate: 'gelu' | 'silu'
}

/** Names of the gate's function in files. */
const GATES = { gelu: 'gelu', geglu: 'gelu', silu: 'silu', swish: 'silu', swiglu: 'silu' } as const

/** ModernBERT, GTE and Granite Embedding R2: one global layer, then two local ones. Source: Warner et al. 2024. */
export const modernBert: Family<ModernBertConfig> = {
  architectures: ['modern-bert'],
  hyperparameters(reader) {
    const config = readConfig(reader, { ropeType: 'neox', norm: 'layer', encoder: true })
    const name = reader.text('hidden_activation', 'gelu')
    if (!Object.hasOwn(GATES, name)) {
      throw reader.error(
        'UNSUPPORTED',
        `"${reader.key('hidden_activation')}" is ${JSON.stringify(name)}; gelu and silu are supported`,
      )
    }
    return {
      ...config,
      windows: readWindows(reader, config.layers, { window: 0, period: 3, global: 'first' }),
      localRope: readLocalRope(reader),
      gate: GATES[name as keyof typeof GATES],
      ranking: readRanking(reader, config, { pooling: 'mean' }),
    }
  },
  build(b, h) {
    let x = b.layerNorm(b.embed('token_embd'), 'token_embd_norm')
    for (const l of b.layers()) {
      const window = h.windows[l.layer]
      const rope = window === undefined ? {} : h.localRope
      // The first layer reads the normed embeddings.
      const isNormed = l.layer > 0 || l.has('attn_norm.weight')
      const { q, k, v } = l.qkv(isNormed ? l.layerNorm(x, 'attn_norm') : x)
      const attended = l.encoderAttention(l.rope(q, rope), l.rope(k, rope), v, { window })
      x = l.add(x, l.linear(attended, 'attn_output', h.embeddingLength))
      const n = l.layerNorm(x, 'ffn_norm')
      x = l.add(x, h.gate === 'gelu' ? l.geglu(n) : l.swiglu(n))
    }
    rankingHead(b, h, { activation: 'gelu' })
    b.hidden(b.layerNorm(x, 'output_norm'))
  },
}
