import { sumOfSquares } from './length'
import { sumF32x4 } from './math/lanes'
import { relu } from './relu'

/**
 * x[r][i] = max(0, x[r][i] - mean - deviations · s) for f32[rows][n], with the mean and the standard deviation s (divisor n - 1)
 * of each row.
 */
export function gaussian_top_k(x: usize, rows: i32, n: i32, deviations: f32): void {
  for (let row = 0; row < rows; row++) {
    subtract(x, n, sum(x, n) / <f32>n)
    const s = sqrt<f32>(sumOfSquares(x, n) / <f32>(n - 1))
    subtract(x, n, deviations * s)
    relu(x, n)
    x += (<usize>n) << 2
  }
}

function sum(x: usize, n: i32): f32 {
  let sums = f32x4.splat(0)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) sums = f32x4.add(sums, v128.load(x + i))
  let all = sumF32x4(sums)
  for (; i < bytes; i += 4) all += load<f32>(x + i)
  return all
}

function subtract(x: usize, n: i32, by: f32): void {
  const subtrahends = f32x4.splat(by)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.sub(v128.load(x + i), subtrahends))
  for (; i < bytes; i += 4) store<f32>(x + i, load<f32>(x + i) - by)
}
