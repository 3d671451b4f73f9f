import { log, power, sineAndCosine } from '../math/elementary.js'

/** How a model's rotary frequencies are scaled to a longer context than it was first trained for. */
export type RopeScaling =
  | { readonly type: 'none' }
  /** Divides all positions by `factor`. Source: Chen et al. 2023. */
  | { readonly type: 'linear'; readonly factor: number }
  /** Divides low frequencies, keeps high ones, interpolates between. Source: Llama 3.1's configuration. */
  | {
      readonly type: 'llama3'
      readonly factor: number
      readonly lowFrequencyFactor: number
      readonly highFrequencyFactor: number
      readonly originalContext: number
    }
  /** Like llama3, but with a ramp over the dimensions, and attention scaled by a magnitude. Source: Peng et al. 2023. */
  | {
      readonly type: 'yarn'
      readonly factor: number
      readonly originalContext: number
      readonly betaFast: number
      readonly betaSlow: number
      /** Extra factor on cosines and sines. */
      readonly attentionFactor: number
    }
  /** Searched factors per pair, those of `factors` or `longFactors`. Source: Ding et al. 2024 (LongRoPE). */
  | {
      readonly type: 'longrope'
      /** Divides all positions. */
      readonly factor: number
      readonly originalContext: number
      /** Extra factor on cosines and sines. */
      readonly attentionFactor: number
    }

/** A rotary position embedding. */
export interface RopeSpec {
  /** Which two values of a head form a pair: neighbours (`norm`), or one of each half (`neox`). */
  readonly type: 'norm' | 'neox'
  /** Rotary dimensions: the first `dims` of each head. */
  readonly dims: number
  readonly theta: number
  readonly scaling: RopeScaling
  /** A tensor, f32[dims / 2], that divides each pair's frequency. */
  readonly factors: string | undefined
  /** The same for sequences whose context length is more than the original one of scaling `longrope`. Default: `factors`. */
  readonly longFactors?: string | undefined
}

/** The angle per position of each pair, and the factor of its cosine and sine. */
export interface RopeFrequencies {
  /** Radians per position, f64[dims / 2]. */
  readonly radians: Float64Array
  readonly magnitude: number
}

/**
 * The frequencies of all pairs. `factors`, f32[dims / 2], divides each pair's frequency; converted files of Llama 3 store
 * their scaling in it.
 */
export function ropeFrequencies(
  { dims, theta, scaling }: Pick<RopeSpec, 'dims' | 'theta' | 'scaling'>,
  factors?: Float32Array,
): RopeFrequencies {
  const radians = new Float64Array(dims / 2)
  for (let pair = 0; pair < radians.length; pair++) {
    const base = power(theta, (-2 * pair) / dims) / (factors ? factors[pair] : 1)
    radians[pair] = scaled(base, pair, dims, theta, scaling)
  }
  return { radians, magnitude: magnitudeOf(scaling) }
}

function magnitudeOf(scaling: RopeScaling): number {
  if (scaling.type === 'yarn') return yarnMagnitude(scaling)
  return scaling.type === 'longrope' ? scaling.attentionFactor : 1
}

function scaled(radians: number, pair: number, dims: number, theta: number, scaling: RopeScaling): number {
  switch (scaling.type) {
    case 'none':
      return radians
    case 'linear':
    case 'longrope':
      return radians / scaling.factor
    case 'llama3': {
      // Full rotations of this pair within the original context.
      const rotations = (scaling.originalContext * radians) / (2 * Math.PI)
      const kept =
        (rotations - scaling.lowFrequencyFactor) / (scaling.highFrequencyFactor - scaling.lowFrequencyFactor)
      return interpolated(radians, scaling.factor, Math.min(1, Math.max(0, kept)))
    }
    case 'yarn': {
      const pairWithRotations = (rotations: number) =>
        (dims * log(scaling.originalContext / (rotations * 2 * Math.PI))) / (2 * log(theta))
      const first = Math.max(0, Math.floor(pairWithRotations(scaling.betaFast)))
      const last = Math.min(dims - 1, Math.ceil(pairWithRotations(scaling.betaSlow)))
      const ramp = (pair - first) / Math.max(0.001, last - first)
      return interpolated(radians, scaling.factor, 1 - Math.min(1, Math.max(0, ramp)))
    }
  }
}

/** Interpolates between the frequency (`kept` = 1) and the frequency divided by `factor` (`kept` = 0). */
function interpolated(radians: number, factor: number, kept: number): number {
  return radians * kept + (radians / factor) * (1 - kept)
}

function yarnMagnitude(scaling: RopeScaling & { type: 'yarn' }): number {
  return scaling.attentionFactor * (scaling.factor > 1 ? 1 + 0.1 * log(scaling.factor) : 1)
}

const sineCosine = /* @__PURE__ */ new Float64Array(2)

/** Fills f32[rows][2][pairs]: for each of `positions` the cosines of all pairs, then the sines. */
export function fillRopeTable(
  table: Float32Array,
  { radians, magnitude }: RopeFrequencies,
  positions: ArrayLike<number>,
): void {
  const pairs = radians.length
  for (let row = 0; row < positions.length; row++) {
    const at = row * 2 * pairs
    for (let pair = 0; pair < pairs; pair++) {
      sineAndCosine(positions[row] * radians[pair], sineCosine)
      table[at + pair] = sineCosine[1] * magnitude
      table[at + pairs + pair] = sineCosine[0] * magnitude
    }
  }
}
