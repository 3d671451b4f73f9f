import type { RopeScaling } from '../backend/rope.js'
import { describeValue } from '../describe.js'
import type { HyperparameterReader } from './hyperparameter-reader.js'

/** Reads `architecture.rope.scaling.*`; throws `UNSUPPORTED` for an unknown type. */
export function readRopeScaling(reader: HyperparameterReader): RopeScaling {
  const { metadata } = reader
  const key = (name: string) => reader.key(`rope.scaling.${name}`)
  const positive = (name: string, fallback?: number): number => {
    const value = metadata.number(key(name), fallback)
    if (Number.isFinite(value) && value > 0) return value
    throw reader.error('BAD_FORMAT', `"${key(name)}" is ${value}`)
  }
  // Older files have this single key for linear scaling instead of `rope.scaling.*`.
  const legacy = metadata.number(reader.key('rope.scale_linear'), 0)
  const type = metadata.string(key('type'), metadata.has(key('factor')) || legacy > 0 ? 'linear' : 'none')
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
  }
  throw reader.error(
    'UNSUPPORTED',
    `rope scaling ${describeValue(type)} is not supported`,
    'supported: none, linear, llama3, yarn',
  )
}
