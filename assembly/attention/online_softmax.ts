import { POSITION, ROW_MAX, ROW_SUM, WEIGHTS } from './layout'
import { exp2x4 } from '../math/exp'
import { madd } from '../math/lanes'

/**
 * One step of the online softmax: the scores of a tile's rows at the `n` positions from `start` on, f32[n][TILE], become
 * weights times `factor`, 0 where a row does not see the position, which are `window` positions up to its own. `tail` is
 * what follows the values of a state: its row max m and row sum l are brought up to date. What the values are to be
 * multiplied with because m may have grown goes to `rescale`, f32[TILE].
 *
 * Two positions are worked on at a time; there is room for one more than `n`.
 */
@inline
export function weigh(
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
  // How many positions a row sees beyond the present one; unseen if negative. The first row sees the fewest after it, the
  // last one the fewest before.
  const left = i32x4.sub(v128.load(tail, POSITION), i32x4.splat(start))
  if (i32x4.extract_lane(left, 0) < n - 1 || n & 1 || i32x4.extract_lane(left, 3) >= window) {
    hideUnseen(weights, end, left, window)
  }
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
  const lower = exp2x4(f32x4.sub(before, m))
  v128.store(rescale, lower)
  v128.store(tail, m, ROW_MAX)
  v128.store(tail, madd(v128.load(tail, ROW_SUM), lower, f32x4.add(sum, sum1)), ROW_SUM)
}

/** Scores that a row does not see become minus infinity, whose weight is 0. */
function hideUnseen(scores: usize, end: usize, left: v128, window: i32): void {
  const widest = i32x4.splat(window - 1)
  const hidden = f32x4.splat(-Infinity)
  for (; scores < end; scores += WEIGHTS) {
    // Negative where the position is after the row's own, or before its window.
    const unseen = v128.or(left, i32x4.sub(widest, left))
    v128.store(scores, v128.bitselect(hidden, v128.load(scores), i32x4.shr_s(unseen, 31)))
    left = i32x4.sub(left, i32x4.splat(1))
  }
}
