import { exp4 } from './math/exp'

/** 1 / (1 + e^-x) of four floats; NaN stays NaN. */
@inline
function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1)
  const value = f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))))
  return v128.bitselect(value, x, f32x4.eq(x, x))
}

/** x[i] = σ(x[i]) for f32[n]. */
export function sigmoid(x: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, sigmoid4(v128.load(x + i)))
  for (; i < bytes; i += 4) v128.store32_lane(x + i, sigmoid4(v128.load32_zero(x + i)), 0)
}
