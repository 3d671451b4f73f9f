import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * What a model makes of its tokens' hidden states: the mean, the first one, the last one, each by itself, or a score by
 * a head of its own. The index is the value of `<architecture>.pooling_type` (llama.cpp's `llama_pooling_type`).
 */
const POOLING_TYPES = ['none', 'mean', 'cls', 'last', 'rank'] as const
/** See `Config.pooling`. */
export type PoolingType = (typeof POOLING_TYPES)[number]

/** What the file says, if anything. Throws `BAD_FORMAT` for a number that names no way of pooling. */
export function readPooling(reader: HyperparameterReader): PoolingType | undefined {
  const key = reader.key('pooling_type')
  if (!reader.metadata.has(key)) return undefined
  const value = reader.metadata.number(key)
  // llama.cpp's LLAMA_POOLING_TYPE_UNSPECIFIED.
  if (value === -1) return undefined
  const type = POOLING_TYPES[value]
  if (type !== undefined) return type
  throw reader.error('BAD_FORMAT', `"${key}" is ${value}; 0 to 4 is accepted`)
}
