import { sineAndCosine } from '../math/elementary.js'
import type { RopeFrequencies } from '../model/rope-scaling.js'

const turned = new Float64Array(2)

/** Fills f32[tokens][2][pairs] for positions `first`, `first + 1`, …: each token's cosines, then its sines. */
export function fillRopeTable(
  table: Float32Array,
  frequencies: RopeFrequencies,
  first: number,
  tokens: number,
): void {
  const { radians, magnitude } = frequencies
  const pairs = radians.length
  for (let token = 0; token < tokens; token++) {
    const at = token * 2 * pairs
    for (let pair = 0; pair < pairs; pair++) {
      sineAndCosine((first + token) * radians[pair], turned)
      table[at + pair] = turned[1] * magnitude
      table[at + pairs + pair] = turned[0] * magnitude
    }
  }
}
