import { LARGEST, POSITION, SUM, WEIGHTS } from './tile'
import { exp2x4 } from '../math/exp'
import { madd } from '../math/lanes'

/**
 * Scores of a tile's rows at the `n` positions from `start` on, f32[n][TILE], become weights times `factor`, 0 where a
 * row does not see the position. `tail` is what follows the values of a state; what those are now to be multiplied with,
 * for the largest score may have grown, goes to `lowered`, f32[TILE].
 *
 * Two positions are worked on at a time; there is room for one more than `n`.
 */
@inline
export function weigh(weights: usize, lowered: usize, tail: usize, start: i32, n: i32, factor: f32): void {
  const end = weights + <usize>((n + 1) & ~1) * WEIGHTS
  const before = v128.load(tail, LARGEST)
  // How many positions a row sees beyond the present one; unseen if negative. The first row sees least.
  let left = i32x4.sub(v128.load(tail, POSITION), i32x4.splat(start))
  if (i32x4.extract_lane(left, 0) < n - 1 || n & 1) hideUnseen(weights, end, left)
  let largest = before
  let largest1 = before
  for (let at = weights; at < end; at += 32) {
    largest = f32x4.pmax(largest, v128.load(at))
    largest1 = f32x4.pmax(largest1, v128.load(at, 16))
  }
  largest = f32x4.pmax(largest, largest1)
  const factors = f32x4.splat(factor)
  let sum = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  for (let at = weights; at < end; at += 32) {
    const weight = exp2x4(f32x4.sub(v128.load(at), largest))
    const weight1 = exp2x4(f32x4.sub(v128.load(at, 16), largest))
    v128.store(at, f32x4.mul(weight1, factors), 16)
    v128.store(at, f32x4.mul(weight, factors))
    sum = f32x4.add(sum, weight)
    sum1 = f32x4.add(sum1, weight1)
  }
  const lower = exp2x4(f32x4.sub(before, largest))
  v128.store(lowered, lower)
  v128.store(tail, largest, LARGEST)
  v128.store(tail, madd(v128.load(tail, SUM), lower, f32x4.add(sum, sum1)), SUM)
}

/** Scores that a row does not see become minus infinity, whose weight is 0. */
function hideUnseen(scores: usize, end: usize, left: v128): void {
  for (; scores < end; scores += WEIGHTS) {
    v128.store(scores, v128.bitselect(f32x4.splat(-Infinity), v128.load(scores), i32x4.shr_s(left, 31)))
    left = i32x4.sub(left, i32x4.splat(1))
  }
}
