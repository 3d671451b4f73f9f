import type { Value } from '../backend/program.js'
import type { LayerBuilder } from './builder/builder.js'
import type { Config } from './config.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * Multi-head latent attention: keys and values are linear functions of one latent vector per token, and a rotated part of the
 * key that all heads share. Source: DeepSeek-AI 2024 (V2).
 */
export interface LatentAttention {
  /** Width of the latent vector. */
  readonly latent: number
  /** Width of queries before their heads; 0: one matrix makes queries. */
  readonly queryRank: number
  /** Dimensions of a head's key, the rotated ones included, and of its value. */
  readonly keyDim: number
  readonly valueDim: number
  /** Whether the cache holds latent vectors and queries are made to match them, or the cache holds keys and values. */
  readonly isAbsorbed: boolean
}

/** Largest accepted width. */
const WIDEST = 2 ** 16

/**
 * Reads `attention.*` of latent attention. Files with `key_length_mla` and `value_length_mla` are in the absorbed form. Throws
 * `MISSING` or `BAD_FORMAT`, naming the key.
 */
export function readLatentAttention(reader: HyperparameterReader, config: Config): LatentAttention {
  const width = (key: string, fallback?: number, minimum = 1) =>
    reader.count(`attention.${key}`, { fallback, minimum, maximum: WIDEST })
  const isAbsorbed = reader.has('attention.key_length_mla') && reader.has('attention.value_length_mla')
  const keyDim = isAbsorbed ? width('key_length_mla') : config.headDim
  const valueDim = isAbsorbed ? width('value_length_mla') : config.valueDim
  if (keyDim <= config.ropeDim) {
    const key = reader.key(`attention.key_length${isAbsorbed ? '_mla' : ''}`)
    throw reader.error(
      'BAD_FORMAT',
      `"${key}" is ${keyDim}; more than the ${config.ropeDim} rotary dimensions is needed`,
    )
  }
  return {
    latent: width('kv_lora_rank'),
    queryRank: width('q_lora_rank', 0, 0),
    ...{ keyDim, valueDim, isAbsorbed },
  }
}

/** The attention of the normed `x`, before the output projection: `config.heads` heads of `valueDim`. */
export function latentAttention(
  l: LayerBuilder,
  x: Value,
  { heads, ropeDim }: Config,
  shape: LatentAttention,
  /** What happens to queries that are complete. */
  finish: (q: Value) => Value = (q) => q,
): Value {
  const { latent, keyDim, valueDim, isAbsorbed } = shape
  const plainDim = keyDim - ropeDim
  const q = queries(l, x, heads * keyDim, heads, shape)
  const compressed = l.linear(x, 'attn_kv_a_mqa', latent + ropeDim)
  const sharedKey = l.rope(l.slice(compressed, latent, ropeDim))
  const c = l.rmsNorm(l.slice(compressed, 0, latent), 'attn_kv_a_norm')
  if (isAbsorbed) {
    const matched = l.headLinear(l.slice(q, 0, plainDim), 'attn_k_b', latent)
    const rotated = l.rope(l.slice(q, plainDim, ropeDim))
    const attended = l.attention(finish(l.concat(matched, rotated)), l.concat(c, sharedKey), c)
    return l.headLinear(attended, 'attn_v_b', valueDim)
  }
  const kv = l.linear(c, 'attn_kv_b', heads * (plainDim + valueDim), { heads })
  const keys = l.concat(l.slice(kv, 0, plainDim), sharedKey)
  return l.attention(finish(l.rope(q, { first: plainDim })), keys, l.slice(kv, plainDim, valueDim))
}

function queries(
  l: LayerBuilder,
  x: Value,
  rows: number,
  heads: number,
  { queryRank }: LatentAttention,
): Value {
  if (queryRank === 0 || l.has('attn_q.weight')) return l.linear(x, 'attn_q', rows, { heads })
  const compressed = l.rmsNorm(l.linear(x, 'attn_q_a', queryRank), 'attn_q_a_norm')
  return l.linear(compressed, 'attn_q_b', rows, { heads })
}
