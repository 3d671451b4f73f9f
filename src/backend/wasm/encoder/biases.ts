import { log, power } from '../../../math/elementary.js'
import type { PositionBias } from '../../program.js'

/** Scores are exponents of two. */
const LOG2_E = Math.LOG2E

/** Distances from which on T5 has one bucket. */
const MAX_DISTANCE = 128

/**
 * Fills f32[heads][2 · positions - 1] with the biases of scores, in exponents of two; the middle one of a head is that of
 * distance 0. `table`: the values of a `relative` bias, f32[buckets][heads].
 */
export function fillBiases(
  out: Float32Array,
  bias: PositionBias,
  { heads, positions, table }: { heads: number; positions: number; table: Float32Array | undefined },
): void {
  const width = 2 * positions - 1
  const distances = Array.from({ length: width }, (_, i) => i - positions + 1)
  if (bias.kind === 'alibi') {
    for (let head = 0; head < heads; head++) {
      const slope = alibiSlope(head, heads, bias.maxBias)
      for (let i = 0; i < width; i++) out[head * width + i] = -slope * Math.abs(distances[i]) * LOG2_E
    }
    return
  }
  for (let i = 0; i < width; i++) {
    const bucket = relativeBucket(distances[i], bias.buckets)
    for (let head = 0; head < heads; head++) out[head * width + i] = table![bucket * heads + head] * LOG2_E
  }
}

/** The slope of a head. Source: Press et al. 2022; for numbers of heads other than powers of two, their code. */
export function alibiSlope(head: number, heads: number, maxBias: number): number {
  let closest = 1
  while (2 * closest <= heads) closest *= 2
  const exponent = head < closest ? head + 1 : (2 * (head - closest) + 1) / 2
  return power(2, (-maxBias / closest) * exponent)
}

/**
 * The bucket of a key at `distance` after its query: half of the buckets are for later keys; of each half, one half holds
 * single distances, the other growing ranges. Source: Raffel et al. 2020, bidirectional.
 */
export function relativeBucket(distance: number, buckets: number): number {
  const half = buckets >> 1
  const single = half >> 1
  const far = Math.abs(distance)
  const first = distance > 0 ? half : 0
  if (far < single) return first + far
  // Ranges begin at powers, where a logarithm that is rounded down would miss them.
  const range = Math.floor((log(far / single) * (half - single)) / log(MAX_DISTANCE / single) + 1e-9)
  return first + Math.min(half - 1, single + range)
}
