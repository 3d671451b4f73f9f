import { log, power, sineAndCosine } from '../math/elementary.js'

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

/** A rotary position embedding. */
export interface RopeSpec {
  /** Which two values of a head rotate together: neighbours (`norm`), or one of each half (`neox`). */
  readonly type: 'norm' | 'neox'
  /** How many of a head's values rotate, from the first one on. */
  readonly dims: number
  readonly theta: number
  readonly scaling: RopeScaling
  /** A tensor, f32[dims / 2], that divides each pair's frequency. */
  readonly factors: string | undefined
}

/** The rotation of each pair for one step of position, and what its cosine and sine are multiplied with. */
export interface RopeFrequencies {
  /** Radians per position, f64[dims / 2]. */
  readonly radians: Float64Array
  readonly magnitude: number
}

/**
 * The frequencies of all pairs. `factors`, f32[dims / 2], divides each pair's own; Llama 3's converted files carry
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
  return { radians, magnitude: scaling.type === 'yarn' ? yarnMagnitude(scaling) : 1 }
}

function scaled(radians: number, pair: number, dims: number, theta: number, scaling: RopeScaling): number {
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
        (dims * log(scaling.originalContext / (turns * 2 * Math.PI))) / (2 * log(theta))
      const first = Math.max(0, Math.floor(pairTurning(scaling.betaFast)))
      const last = Math.min(dims - 1, Math.ceil(pairTurning(scaling.betaSlow)))
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
