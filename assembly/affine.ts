import { madd } from './math/lanes'

/**
 * x[r][i] = x[r][i] · weight[i] + bias[i] for f32[rows][n]; either may be 0, for none. A vector has as many values as its
 * length says: n, one, or those of a head, which all heads share.
 */
export function affine(
  x: usize,
  weight: usize,
  weightLength: i32,
  bias: usize,
  biasLength: i32,
  rows: i32,
  n: i32,
): void {
  // Where no vector starts again.
  let span = n
  if (weight != 0 && weightLength > 1) span = weightLength
  if (bias != 0 && biasLength > 1) span = min(span, biasLength)
  const spans = n / span
  for (let i = 0; i < rows * spans; i++, x += (<usize>span) << 2) {
    const first = (<usize>((i % spans) * span)) << 2
    const w = weight != 0 && weightLength == n ? weight + first : weight
    const b = bias != 0 && biasLength == n ? bias + first : bias
    transform(x, w, weightLength == 1, b, biasLength == 1, span)
  }
}

/** One span; `oneWeight`, `oneBias`: the only value is for all. */
function transform(x: usize, weight: usize, oneWeight: bool, bias: usize, oneBias: bool, n: i32): void {
  const bytes = (<usize>n) << 2
  let w = weight != 0 ? v128.load32_splat(weight) : f32x4.splat(1)
  let b = bias != 0 ? v128.load32_splat(bias) : f32x4.splat(-0.0)
  const weights = weight != 0 && !oneWeight
  const biases = bias != 0 && !oneBias
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    if (weights) w = v128.load(weight + i)
    if (biases) b = v128.load(bias + i)
    v128.store(x + i, madd(v128.load(x + i), w, b))
  }
  for (; i < bytes; i += 4) {
    if (weights) w = v128.load32_zero(weight + i)
    if (biases) b = v128.load32_zero(bias + i)
    v128.store32_lane(x + i, madd(v128.load32_zero(x + i), w, b), 0)
  }
}
