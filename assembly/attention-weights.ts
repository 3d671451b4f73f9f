import { LARGEST, POSITION, SCORE_ROW, SUM, WEIGHT_ROW } from './attention-tile'
import { exp2x4 } from './math/exp'
import { madd, sumF32x4, sums4 } from './math/lanes'

/** Numbers of four positions. */
const LANES = memory.data<i32>([0, 1, 2, 3], 16)

/** The scores of one row at four positions, whose sums begin at `at`. */
@inline
function scores4(at: usize): v128 {
  return sums4(
    f32x4.add(v128.load(at), v128.load(at, 16)),
    f32x4.add(v128.load(at, 128), v128.load(at, 144)),
    f32x4.add(v128.load(at, 256), v128.load(at, 272)),
    f32x4.add(v128.load(at, 384), v128.load(at, 400)),
  )
}

/**
 * Writes a row's scores at so many bytes' worth of positions, eight at a time, to `out`, those from `seen` on as minus infinity;
 * returns the largest of them and of `before`, in all lanes.
 */
@inline
function takeScores(sums: usize, out: usize, bytes: usize, seen: i32, before: v128): v128 {
  let largest = before
  const end = out + bytes
  if (<usize>(seen << 2) >= bytes) {
    for (; out < end; out += 16) {
      const scores = scores4(sums)
      largest = f32x4.pmax(largest, scores)
      v128.store(out, scores)
      sums += 4 * SCORE_ROW
    }
  } else {
    // How many positions the row sees from each on.
    let left = i32x4.sub(i32x4.splat(seen), v128.load(LANES))
    for (; out < end; out += 16) {
      const isSeen = i32x4.gt_s(left, i32x4.splat(0))
      const scores = v128.bitselect(scores4(sums), f32x4.splat(-Infinity), isSeen)
      largest = f32x4.pmax(largest, scores)
      v128.store(out, scores)
      left = i32x4.sub(left, i32x4.splat(4))
      sums += 4 * SCORE_ROW
    }
  }
  largest = f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 2, 3, 0, 1))
  return f32x4.pmax(largest, v128.shuffle<i32>(largest, largest, 1, 0, 3, 2))
}

/**
 * Scores of the `n` positions from `start` on, as scoreBlock leaves them, become weights times `factor`, 0 where a row
 * does not see the position: f32[rows][POSITIONS]. `tail` is what follows a state's values; what these are now to be
 * multiplied with, for the largest score may have grown, is left in `lowered`, f32[rows][4].
 */
export function weighBlock(
  rows: i32,
  sums: usize,
  weights: usize,
  lowered: usize,
  tail: usize,
  start: i32,
  n: i32,
  factor: f32,
): void {
  const bytes = (<usize>(n + 7) & ~7) << 2
  for (let row: usize = 0; row < <usize>rows; row++) {
    const seen = max(0, min(n, load<i32>(tail + row * 4, POSITION) + 1 - start))
    const before = v128.load32_splat(tail + row * 4, LARGEST)
    v128.store(lowered + row * 16, takeScores(sums + row * 32, weights + row * WEIGHT_ROW, bytes, seen, before))
  }
  const factors = f32x4.splat(factor)
  for (; rows > 0; rows--) {
    const before = v128.load32_splat(tail, LARGEST)
    const top = v128.load(lowered)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (let at = weights; at < weights + bytes; at += 32) {
      const weight0 = exp2x4(f32x4.sub(v128.load(at), top))
      const weight1 = exp2x4(f32x4.sub(v128.load(at, 16), top))
      v128.store(at, f32x4.mul(weight1, factors), 16)
      v128.store(at, f32x4.mul(weight0, factors))
      sum0 = f32x4.add(sum0, weight0)
      sum1 = f32x4.add(sum1, weight1)
    }
    const lower = exp2x4(f32x4.sub(before, top))
    const sum = f32x4.splat(sumF32x4(f32x4.add(sum0, sum1)))
    v128.store(lowered, lower)
    v128.store32_lane(tail, top, 0, LARGEST)
    v128.store32_lane(tail, madd(v128.load32_splat(tail, SUM), lower, sum), 0, SUM)
    weights += WEIGHT_ROW
    lowered += 16
    tail += 4
  }
}
