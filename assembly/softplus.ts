import { exp4 } from './math/exp'

/** 1/3, 1/5, … 1/17: the series of the inverse hyperbolic tangent. */
const ODD = memory.data<f32>([
  1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0, 1.0 / 11.0, 1.0 / 13.0, 1.0 / 15.0, 1.0 / 17.0,
])

/**
 * ln(1 + e^x) of four floats = max(x, 0) + ln(1 + u) with u = e^-|x| in (0, 1]; ln(1 + u) = 2 · atanh(z) with z = u / (2 + u), at
 * most 1/3, by its Taylor polynomial of degree 17 (remainder below 1e-9 relative). NaN stays NaN.
 */
@inline
function softplus4(x: v128): v128 {
  const u = exp4(f32x4.neg(f32x4.abs(x)))
  const z = f32x4.div(u, f32x4.add(u, f32x4.splat(2)))
  const square = f32x4.mul(z, z)
  let p = v128.load32_splat(ODD, 28)
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 24))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 20))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 16))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 12))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 8))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD, 4))
  p = f32x4.add(f32x4.mul(p, square), v128.load32_splat(ODD))
  const half = f32x4.add(z, f32x4.mul(f32x4.mul(p, square), z))
  const value = f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.add(half, half))
  return v128.bitselect(value, x, f32x4.eq(x, x))
}

/** x[i] = ln(1 + e^x[i]) for f32[n]. */
export function softplus(x: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, softplus4(v128.load(x + i)))
  for (; i < bytes; i += 4) v128.store32_lane(x + i, softplus4(v128.load32_zero(x + i)), 0)
}
