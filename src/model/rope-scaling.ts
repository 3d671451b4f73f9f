import { describeValue, displayName } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import { log, power } from '../math/elementary.js'

/** How a model's rotary frequencies are stretched beyond the context that it was first trained for. */
export type RopeScaling =
  | { readonly type: 'none' }
  /** All positions divided by `factor`. Source: Chen et al. 2023. */
  | { readonly type: 'linear'; readonly factor: number }
  /** Low frequencies divided, high ones kept, a smooth change between. Source: Llama 3.1's configuration. */
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContext: number
    }
  /** As llama3 with a ramp over the dimensions, and attention warmed by a magnitude. Source: Peng et al. 2023. */
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalContext: number
      readonly betaFast: number
      readonly betaSlow: number
      /** Extra factor on cosines and sines. */
      readonly attentionFactor: number
    }

/** The rotation of each pair for one step of position, and what its cosine and sine are multiplied with. */
export interface RopeFrequencies {
  /** Radians a position, f64[ropeDim / 2]. */
  readonly radians: Float64Array
  readonly magnitude: number
}

/** Reads `architecture.rope.scaling.*`; throws `UNSUPPORTED` for a type without an implementation. */
export function readRopeScaling(metadata: Metadata, architecture: string, fileName: string): RopeScaling {
  const key = (name: string) => `${architecture}.rope.scaling.${name}`
  const positive = (name: string, fallback?: number): number => {
    const value = metadata.number(key(name), fallback)
    if (Number.isFinite(value) && value > 0) return value
    throw new DasllamaError('BAD_FORMAT', `${displayName(fileName)}: "${key(name)}" is ${value}`)
  }
  // Before `rope.scaling.*` there was one key, for linear scaling.
  const legacy = metadata.number(`${architecture}.rope.scale_linear`, 0)
  const type = metadata.string(key('type'), metadata.has(key('factor')) || legacy > 0 ? 'linear' : 'none')
  const originalContext = () =>
    positive('original_context_length', metadata.number(`${architecture}.context_length`))
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
  throw new DasllamaError(
    'UNSUPPORTED',
    `${displayName(fileName)}: rope scaling ${describeValue(type)} is not supported`,
    {
      hint: 'supported: none, linear, llama3, yarn',
    },
  )
}

/**
 * The frequencies of all pairs. `factors` (f32[ropeDim / 2], the tensor `rope_freqs.weight`) divides each pair's
 * own; Llama 3's converted files carry their scaling in it.
 */
export function ropeFrequencies(
  ropeDim: number,
  theta: number,
  scaling: RopeScaling,
  factors?: Float32Array,
): RopeFrequencies {
  const radians = new Float64Array(ropeDim / 2)
  for (let pair = 0; pair < radians.length; pair++) {
    const base = power(theta, (-2 * pair) / ropeDim) / (factors ? factors[pair] : 1)
    radians[pair] = scaled(base, pair, ropeDim, theta, scaling)
  }
  return { radians, magnitude: scaling.type === 'yarn' ? yarnMagnitude(scaling) : 1 }
}

function scaled(radians: number, pair: number, ropeDim: number, theta: number, scaling: RopeScaling): number {
  switch (scaling.type) {
    case 'none':
      return radians
    case 'linear':
      return radians / scaling.factor
    case 'llama3': {
      // Turns that this pair makes within the original context.
      const turns = (scaling.originalContext * radians) / (2 * Math.PI)
      const kept =
        (turns - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor)
      return mixed(radians, scaling.factor, Math.min(1, Math.max(0, kept)))
    }
    case 'yarn': {
      const pairTurning = (turns: number) =>
        (ropeDim * log(scaling.originalContext / (turns * 2 * Math.PI))) / (2 * log(theta))
      const first = Math.max(0, Math.floor(pairTurning(scaling.betaFast)))
      const last = Math.min(ropeDim - 1, Math.ceil(pairTurning(scaling.betaSlow)))
      const ramp = (pair - first) / Math.max(0.001, last - first)
      return mixed(radians, scaling.factor, 1 - Math.min(1, Math.max(0, ramp)))
    }
  }
}

/** `kept` of the frequency as it was, the rest of it divided by `factor`. */
function mixed(radians: number, factor: number, kept: number): number {
  return radians * kept + (radians / factor) * (1 - kept)
}

function yarnMagnitude(scaling: RopeScaling & { type: 'yarn' }): number {
  return scaling.attentionFactor * (scaling.factor > 1 ? 1 + 0.1 * log(scaling.factor) : 1)
}
