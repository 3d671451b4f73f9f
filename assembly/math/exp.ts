import { madd } from './lanes'

/**
 * e^x for four floats, from multiplications and additions alone: the same bits on every engine.
 * x = n·ln 2 + r with |r| ≤ ln 2 / 2; e^r by its Taylor polynomial of degree 7 (remainder below 1e-8 relative,
 * so rounding dominates: within 2 ulp of the exact value); 2^n by building the exponent.
 * Arguments are clamped to [-87.3, 88.3]: results stay finite and never denormal.
 */
@inline
export function exp4(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(-87.3)), f32x4.splat(88.3))
  const n = f32x4.nearest(f32x4.mul(x, f32x4.splat(1.4426950408889634)))
  // ln 2 in two parts: the first has few enough bits that n · LN2_HIGH is exact.
  let r = f32x4.sub(x, f32x4.mul(n, f32x4.splat(0.693359375)))
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(-2.1219444005469057e-4)))
  let p = f32x4.splat(1.0 / 5040.0)
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 720.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 120.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 24.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0 / 6.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0))
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.0))
  const exponent = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23)
  return f32x4.mul(p, exponent)
}

/** What `exp2x4` computes with, each four times: V8 builds a vector constant anew at every use, and loading is quicker. */
const EXP2 = memory.data<f32>(
  [
    -127, -127, -127, -127,
    12582912, 12582912, 12582912, 12582912,
    0.0013264726902423153, 0.0013264726902423153, 0.0013264726902423153, 0.0013264726902423153,
    0.009671512660603126, 0.009671512660603126, 0.009671512660603126, 0.009671512660603126,
    0.05550733744235462, 0.05550733744235462, 0.05550733744235462, 0.05550733744235462,
    0.2402224208491844, 0.2402224208491844, 0.2402224208491844, 0.2402224208491844,
    0.6931469775984751, 0.6931469775984751, 0.6931469775984751, 0.6931469775984751,
    1, 1, 1, 1,
  ],
  16,
)

/**
 * 2^x for four floats up to 0, in the same manner: x = n + r with |r| ≤ 1/2; 2^r by the polynomial of degree 5 that is 1
 * at 0 and elsewhere off by 1e-7 relative at most. From -126 to -127 it falls to 0, and stays there.
 */
@inline
export function exp2x4(x: v128): v128 {
  x = f32x4.pmax(x, v128.load(EXP2))
  // Adding 1.5 · 2^23 leaves n, rounded to nearest even, in the lowest bits.
  const shifted = f32x4.add(x, v128.load(EXP2, 16))
  const r = f32x4.sub(x, f32x4.sub(shifted, v128.load(EXP2, 16)))
  let p = v128.load(EXP2, 32)
  p = madd(p, r, v128.load(EXP2, 48))
  p = madd(p, r, v128.load(EXP2, 64))
  p = madd(p, r, v128.load(EXP2, 80))
  p = madd(p, r, v128.load(EXP2, 96))
  p = madd(p, r, v128.load(EXP2, 112))
  return i32x4.add(p, i32x4.shl(shifted, 23))
}
