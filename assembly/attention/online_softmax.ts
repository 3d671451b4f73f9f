import { POSITION, ROW_MAX, ROW_SUM, WEIGHTS } from './layout'
import { exp2x4 } from '../math/exp'
import { madd } from '../math/lanes'

/**
 * One step of the online softmax: turns the scores of a tile's rows at the `n` positions from `start` on, f32[n][TILE],
 * into weights exp2(score - m) · `factor`. A row sees `window` positions up to the one in its state; the others get weight
 * 0. `tail` is the end of a tile's state, whose row max m and row sum l are updated. `rescale`, f32[TILE], receives the factors by
 * which the accumulated values must be multiplied because m has grown.
 *
 * Works on two positions at a time, so `weights` must hold one more than `n`.
 */
@inline
export function softmaxStep(
  weights: usize,
  rescale: usize,
  tail: usize,
  start: i32,
  n: i32,
  window: i32,
  factor: f32,
): void {
  const end = weights + <usize>((n + 1) & ~1) * WEIGHTS
  const before = v128.load(tail, ROW_MAX)
  // How far the last position that a row sees is beyond `start`. The first row sees the fewest later positions, the last one the fewest
  // earlier ones.
  const left = i32x4.sub(v128.load(tail, POSITION), i32x4.splat(start))
  if (i32x4.extract_lane(left, 0) < n - 1 || i32x4.extract_lane(left, 3) >= window) {
    maskScores(weights, end, left, window)
  }
  if (n & 1) v128.store(end - WEIGHTS, f32x4.splat(-Infinity))
  let m = before
  let m1 = before
  for (let at = weights; at < end; at += 32) {
    m = f32x4.pmax(m, v128.load(at))
    m1 = f32x4.pmax(m1, v128.load(at, 16))
  }
  m = f32x4.pmax(m, m1)
  const factors = f32x4.splat(factor)
  let sum = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  for (let at = weights; at < end; at += 32) {
    const weight = exp2x4(f32x4.sub(v128.load(at), m))
    const weight1 = exp2x4(f32x4.sub(v128.load(at, 16), m))
    v128.store(at, f32x4.mul(weight1, factors), 16)
    v128.store(at, f32x4.mul(weight, factors))
    sum = f32x4.add(sum, weight)
    sum1 = f32x4.add(sum1, weight1)
  }
  const correction = exp2x4(f32x4.sub(before, m))
  v128.store(rescale, correction)
  v128.store(tail, m, ROW_MAX)
  v128.store(tail, madd(v128.load(tail, ROW_SUM), correction, f32x4.add(sum, sum1)), ROW_SUM)
}

/** Sets scores of positions that a row does not see to minus infinity, whose weight is 0. */
function maskScores(scores: usize, end: usize, left: v128, window: i32): void {
  const widest = i32x4.splat(window - 1)
  const hidden = f32x4.splat(-Infinity)
  for (; scores < end; scores += WEIGHTS) {
    // Negative where the position is after the row's own, or before its window.
    const unseen = v128.or(left, i32x4.sub(widest, left))
    v128.store(scores, v128.bitselect(hidden, v128.load(scores), i32x4.shr_s(unseen, 31)))
    left = i32x4.sub(left, i32x4.splat(1))
  }
}
