import type { RopeScaling } from '../backend/rope.js'
import { describeValue } from '../describe.js'
import { log } from '../math/elementary.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** Tensors of longrope's factors for short and for long contexts. */
export const SHORT_FACTORS = 'rope_factors_short.weight'
export const LONG_FACTORS = 'rope_factors_long.weight'

/**
 * Reads `architecture.rope.scaling.*`; throws `UNSUPPORTED` for an unknown type. Files of Phi 3 have the tensors of longrope,
 * but not its type.
 */
export function readRopeScaling(reader: HyperparameterReader): RopeScaling {
  const { metadata, file } = reader
  const key = (name: string) => reader.key(`rope.scaling.${name}`)
  const positive = (name: string, fallback?: number): number => {
    const value = metadata.number(key(name), fallback)
    if (Number.isFinite(value) && value > 0) return value
    throw reader.error('BAD_FORMAT', `"${key(name)}" is ${value}`)
  }
  // Older files have this single key for linear scaling instead of `rope.scaling.*`.
  const legacy = metadata.number(reader.key('rope.scale_linear'), 0)
  const isLinear = metadata.has(key('factor')) || legacy > 0
  const said = metadata.string(key('type'), isLinear ? 'linear' : 'none')
  const type = said === 'none' && file.tensors.has(LONG_FACTORS) ? 'longrope' : said
  const originalContext = () =>
    positive('original_context_length', metadata.number(reader.key('context_length')))
  switch (type) {
    case 'none':
      return { type }
    case 'linear': {
      const factor = metadata.has(key('factor')) ? metadata.number(key('factor')) : legacy || 1
      // llama.cpp's converter writes 0 for "not scaled".
      if (factor === 0) return { type: 'none' }
      return { type, factor: positive('factor', factor) }
    }
    case 'llama3':
      return {
        type,
        factor: positive('factor'),
        lowFrequencyFactor: positive('low_freq_factor', 1),
        highFrequencyFactor: positive('high_freq_factor', 4),
        originalContext: originalContext(),
      }
    case 'yarn':
      return {
        type,
        factor: positive('factor', 1),
        originalContext: originalContext(),
        betaFast: positive('yarn_beta_fast', 32),
        betaSlow: positive('yarn_beta_slow', 1),
        attentionFactor: positive('attn_factor', 1),
      }
    case 'longrope':
      return {
        type,
        factor: positive('factor', 1),
        originalContext: originalContext(),
        attentionFactor: positive('attn_factor', 1),
      }
  }
  throw reader.error(
    'UNSUPPORTED',
    `rope scaling ${describeValue(type)} is not supported`,
    'supported: none, linear, llama3, yarn, longrope',
  )
}

/**
 * YaRN with the magnitude of `rope.scaling.yarn_log_multiplier`: that of the factor, divided by that of the factor with the
 * multiplier. Source: DeepSeek-AI 2024 (V2's configuration, `mscale_all_dim`).
 */
export function withLogMultiplier(reader: HyperparameterReader, scaling: RopeScaling): RopeScaling {
  const multiplier = reader.real('rope.scaling.yarn_log_multiplier', 0)
  if (scaling.type !== 'yarn' || scaling.factor <= 1) return scaling
  const magnitude = 1 + 0.1 * multiplier * log(scaling.factor)
  return { ...scaling, attentionFactor: scaling.attentionFactor / magnitude }
}
