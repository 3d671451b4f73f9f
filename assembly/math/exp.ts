import { madd } from './lanes'

/**
 * Constants of `exp4`: V8 rebuilds a vector constant at every use, so loading it is faster.
 * ln 2 is in two parts: the first has so few bits that its product with n is exact.
 */
const EXP = memory.data<f32>([
  -87.3, 88.3, 1.4426950408889634, 12582912, 0.693359375, -2.1219444005469057e-4, 1.0 / 5040.0, 1.0 / 720.0,
  1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1,
])

/**
 * e^x for four floats, from multiplications and additions only: the same bits on every engine.
 * x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 7 (remainder below 1e-8 relative,
 * so rounding dominates: within 2 ulp of the exact value); 2^n by adding to the exponent.
 * Arguments are clamped to [-87.3, 88.3], so results are finite and normal.
 */
@inline
export function exp4(x: v128): v128 {
  x = f32x4.pmin(f32x4.pmax(x, v128.load32_splat(EXP)), v128.load32_splat(EXP, 4))
  // Adding 1.5 · 2^23 leaves n, rounded to nearest even, in the lowest bits.
  const shifted = f32x4.add(f32x4.mul(x, v128.load32_splat(EXP, 8)), v128.load32_splat(EXP, 12))
  const n = f32x4.sub(shifted, v128.load32_splat(EXP, 12))
  let r = f32x4.sub(x, f32x4.mul(n, v128.load32_splat(EXP, 16)))
  r = f32x4.sub(r, f32x4.mul(n, v128.load32_splat(EXP, 20)))
  let p = v128.load32_splat(EXP, 24)
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 28))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 32))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 36))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 40))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 44))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 48))
  p = f32x4.add(f32x4.mul(p, r), v128.load32_splat(EXP, 48))
  return i32x4.add(p, i32x4.shl(shifted, 23))
}

/** Constants of `exp2x4`. */
const EXP2 = memory.data<f32>(
  [
    -127, 12582912, 0.0013264726902423153, 0.009671512660603126, 0.05550733744235462, 0.2402224208491844,
    0.6931469775984751, 1,
  ],
  16,
)

/**
 * 2^x for four floats ≤ 0, in the same manner: x = n + r with |r| ≤ 1/2; 2^r by a polynomial of degree 5 that is exactly 1
 * at 0 and has a relative error of at most 1e-7 elsewhere. From -126 to -127 the result falls to 0; below it is 0.
 */
@inline
export function exp2x4(x: v128): v128 {
  x = f32x4.pmax(x, v128.load32_splat(EXP2))
  const shifted = f32x4.add(x, v128.load32_splat(EXP2, 4))
  const r = f32x4.sub(x, f32x4.sub(shifted, v128.load32_splat(EXP2, 4)))
  let p = v128.load32_splat(EXP2, 8)
  p = madd(p, r, v128.load32_splat(EXP2, 12))
  p = madd(p, r, v128.load32_splat(EXP2, 16))
  p = madd(p, r, v128.load32_splat(EXP2, 20))
  p = madd(p, r, v128.load32_splat(EXP2, 24))
  p = madd(p, r, v128.load32_splat(EXP2, 28))
  return i32x4.add(p, i32x4.shl(shifted, 23))
}
