import type { HyperparameterReader } from './hyperparameter-reader.js'

/**
 * How a model pools its tokens' hidden states: not at all, the mean, the first, the last, or a score from a ranking head.
 * The index is the value of `<architecture>.pooling_type` (llama.cpp's `llama_pooling_type`).
 */
const POOLING_TYPES = ['none', 'mean', 'cls', 'last', 'rank'] as const
/** See `Config.pooling`. */
export type PoolingType = (typeof POOLING_TYPES)[number]

/** The file's pooling type, if it has one. Throws `BAD_FORMAT` for an unknown type. */
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
