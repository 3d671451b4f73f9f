import { exp4 } from './math/exp'
import { maxF32x4, sumF32x4 } from './math/lanes'

/**
 * Softmax in place over f32[n]. The buffer must extend to the next multiple of four, which is overwritten.
 * The largest value is subtracted first, so nothing overflows.
 */
export function softmax(x: usize, n: i32): void {
  const padded = (n + 3) & ~3
  for (let i = n; i < padded; i++) store<f32>(x + ((<usize>i) << 2), -Infinity)
  const end = x + ((<usize>padded) << 2)
  let largest = v128.load(x)
  for (let at = x + 16; at < end; at += 16) largest = f32x4.max(largest, v128.load(at))
  const peak = f32x4.splat(maxF32x4(largest))
  let sums = f32x4.splat(0)
  for (let at = x; at < end; at += 16) {
    const e = exp4(f32x4.sub(v128.load(at), peak))
    v128.store(at, e)
    sums = f32x4.add(sums, e)
  }
  // Each padding element adds e^-87.3: far below one ulp of a sum that is at least 1.
  const scale = f32x4.splat(<f32>1.0 / sumF32x4(sums))
  for (let at = x; at < end; at += 16) v128.store(at, f32x4.mul(v128.load(at), scale))
}
