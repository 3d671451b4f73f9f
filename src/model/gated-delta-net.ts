import type { HeadSharing, Value } from '../backend/program.js'
import type { LayerBuilder } from './builder/builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * Hybrids of gated DeltaNet layers, whose state has a constant size, and layers with gated attention. Sources: Yang et al. 2024
 * (Gated DeltaNet), Qwen 2025 (Qwen3-Next).
 */
export interface GatedDeltaNet {
  /** Which layers are recurrent; the others have attention. */
  readonly recurrent: readonly boolean[]
  /** Rows of the convolution's kernel. */
  readonly taps: number
  /** Heads of queries and keys. */
  readonly keyHeads: number
  /** Heads of values; a multiple of `keyHeads`. */
  readonly valueHeads: number
  /** Dimensions of each head's queries, keys and values. */
  readonly headDim: number
  /**
   * Which key head a value head reads. In files with `groups`, betas and decays come from one matrix, and what has several values
   * per key head is stored by key head.
   */
  readonly sharing: HeadSharing
}

/** Largest accepted values. */
const MOST_TAPS = 64
const MOST_HEADS = 4096
const WIDEST_HEAD = 1024
const WIDEST = 2 ** 17

/** Layers per period, of which the last has attention, where the file does not say. */
const PERIOD = 4
const LONGEST_PERIOD = 1024

/**
 * Reads `ssm.*` and which layers are recurrent: `attention.recurrent_layers`, a flag per layer, or `full_attention_interval`. Throws
 * `MISSING`, `BAD_FORMAT` or `UNSUPPORTED`, naming the key.
 */
export function readGatedDeltaNet(
  reader: HyperparameterReader,
  layers: number,
  sharing: HeadSharing,
): GatedDeltaNet {
  const taps = reader.count('ssm.conv_kernel', { minimum: 2, maximum: MOST_TAPS })
  const width = reader.count('ssm.inner_size', { maximum: WIDEST })
  const headDim = reader.count('ssm.state_size', { maximum: WIDEST_HEAD })
  const valueHeads = reader.count('ssm.time_step_rank', { maximum: MOST_HEADS })
  const keyHeads = reader.count('ssm.group_count', { maximum: MOST_HEADS })
  if (width !== valueHeads * headDim) {
    throw reader.error(
      'BAD_FORMAT',
      `"${reader.key('ssm.inner_size')}" is ${width}; ${valueHeads} heads ("${reader.key('ssm.time_step_rank')}") of ${headDim} ("${reader.key('ssm.state_size')}") have ${valueHeads * headDim} values`,
    )
  }
  if (valueHeads % keyHeads !== 0) {
    throw reader.error(
      'BAD_FORMAT',
      `${valueHeads} value heads ("${reader.key('ssm.time_step_rank')}") cannot share ${keyHeads} key heads ("${reader.key('ssm.group_count')}")`,
    )
  }
  if (headDim % 4 !== 0) {
    throw reader.error(
      'UNSUPPORTED',
      `heads of ${headDim} values ("${reader.key('ssm.state_size')}"); a multiple of 4 is needed`,
    )
  }
  return { recurrent: readRecurrentLayers(reader, layers), taps, keyHeads, valueHeads, headDim, sharing }
}

function readRecurrentLayers(reader: HyperparameterReader, layers: number): readonly boolean[] {
  const key = 'attention.recurrent_layers'
  const flags = reader.layerFlags(key, layers)
  if (flags) return flags
  if (reader.has(key)) {
    throw reader.error('BAD_FORMAT', `"${reader.key(key)}" is not a list with a boolean per layer`)
  }
  const period = reader.count('full_attention_interval', { fallback: PERIOD, maximum: LONGEST_PERIOD })
  return Array.from({ length: layers }, (_, layer) => (layer + 1) % period !== 0)
}

/** A recurrent layer's result for the normed `x`. */
export function gatedDeltaNet(l: LayerBuilder, x: Value, net: GatedDeltaNet): Value {
  const { taps, keyHeads, valueHeads, headDim, sharing } = net
  const [keyWidth, valueWidth] = [keyHeads * headDim, valueHeads * headDim]
  const { qkv, z, beta, alpha } =
    sharing === 'modulo' ? projections(l, x, net) : groupedProjections(l, x, net)
  const mixed = l.silu(l.conv(qkv, 'ssm_conv1d', taps))
  const q = l.unitNorm(l.splitHeads(l.slice(mixed, 0, keyWidth), keyHeads))
  const k = l.unitNorm(l.splitHeads(l.slice(mixed, keyWidth, keyWidth), keyHeads))
  const v = l.splitHeads(l.slice(mixed, 2 * keyWidth, valueWidth), valueHeads)
  const step = l.activation(l.affine(alpha, { bias: 'ssm_dt.bias' }), 'softplus')
  const decay = l.affine(step, { weight: 'ssm_a' })
  const out = l.deltaRule({ q, k, v, decay, beta: l.activation(beta, 'sigmoid') }, { sharing })
  return l.linear(l.multiply(l.headNorm(out, 'ssm_norm'), l.silu(z)), 'ssm_out', x.width)
}

/** What a recurrent layer makes of its input: queries, keys and values side by side, the output's gate, and a value per head each. */
type Projections = Readonly<Record<'qkv' | 'z' | 'beta' | 'alpha', Value>>

function projections(
  l: LayerBuilder,
  x: Value,
  { keyHeads, valueHeads, headDim }: GatedDeltaNet,
): Projections {
  const valueWidth = valueHeads * headDim
  return {
    qkv: l.linear(x, 'attn_qkv', 2 * keyHeads * headDim + valueWidth),
    z: l.linear(x, 'attn_gate', valueWidth),
    beta: l.linear(x, 'ssm_beta', valueHeads),
    alpha: l.linear(x, 'ssm_alpha', valueHeads),
  }
}

/** The same from matrices whose rows are stored by key head: betas and alphas and, in early files, all else. */
function groupedProjections(
  l: LayerBuilder,
  x: Value,
  { keyHeads, valueHeads, headDim }: GatedDeltaNet,
): Projections {
  const [keyWidth, valueWidth] = [keyHeads * headDim, valueHeads * headDim]
  const early = l.has('ssm_in.weight')
    ? l.linear(x, 'ssm_in', 2 * (keyWidth + valueWidth), { heads: keyHeads })
    : undefined
  const qkv = early ?? l.linear(x, 'attn_qkv', 2 * keyWidth + valueWidth)
  const z = early ?? l.linear(x, 'attn_gate', valueWidth)
  const both = l.linear(x, 'ssm_ba', 2 * valueHeads, { heads: keyHeads })
  const part = (all: Value, first: number, length: number) => l.splitHeads(l.slice(all, first, length), 1)
  const sharing = valueHeads / keyHeads
  const gates = { beta: part(both, 0, sharing), alpha: part(both, sharing, sharing) }
  if (!early) return { qkv, z, ...gates }
  const [first, shared] = [2 * headDim, sharing * headDim]
  const qk = l.concat(part(early, 0, headDim), part(early, headDim, headDim))
  return {
    qkv: l.concat(qk, part(early, first, shared)),
    z: part(early, first + shared, shared),
    ...gates,
  }
}

/**
 * An attention layer's result for the normed `x`. Each head's queries are followed by its gate, whose sigmoid is a factor of what is
 * attended to. Source: Qiu et al. 2025 (Gated Attention).
 */
export function gatedAttention(l: LayerBuilder, x: Value, h: Config): Value {
  const { heads, kvHeads, headDim, embeddingLength } = h
  const [both, k, v] = l.linears(x, 'attn_qkv', [
    { name: 'attn_q', rows: 2 * heads * headDim, heads },
    { name: 'attn_k', rows: kvHeads * headDim, heads: kvHeads },
    { name: 'attn_v', rows: kvHeads * headDim, heads: kvHeads },
  ])
  const queries = l.rope(l.headNorm(l.slice(both, 0, headDim), 'attn_q_norm'))
  const keys = l.rope(l.headNorm(k, 'attn_k_norm'))
  const gate = l.activation(l.slice(both, headDim, headDim), 'sigmoid')
  return l.linear(l.multiply(l.attention(queries, keys, v), gate), 'attn_output', embeddingLength)
}
