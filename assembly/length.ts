import { sumF32x4 } from './math/lanes'

/** The sum of squares of f32[n]. */
export function sumOfSquares(x: usize, n: i32): f32 {
  let sums = f32x4.splat(0)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) {
    const values = v128.load(x + i)
    sums = f32x4.add(sums, f32x4.mul(values, values))
  }
  let sum = sumF32x4(sums)
  for (; i < bytes; i += 4) {
    const value = load<f32>(x + i)
    sum += value * value
  }
  return sum
}

/** out[r] = √(Σ x[r][i]²) for f32[rows][n]. */
export function length(x: usize, out: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++) {
    store<f32>(out, sqrt<f32>(sumOfSquares(x, n)))
    x += (<usize>n) << 2
    out += 4
  }
}
