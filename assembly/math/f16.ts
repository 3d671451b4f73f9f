/**
 * IEEE 754 binary16 ("half") to and from f32. WebAssembly has no such instruction.
 *
 * Widening: the 15 bits below the sign, shifted left by 13, are an f32 whose exponent is 112 too small; multiplying
 * by 2^112 corrects that exactly, for subnormals too. Only infinities and NaNs, whose exponent is all ones, need
 * a second step; the `finite` variants omit it, for example for block scales, which are never infinite.
 */

import { constant, HALF_BITS, HALF_MAGNITUDE, HALF_REBIAS, REBIAS_BITS, SIGN, SMALLEST_NORMAL_BITS } from './constants'

/** 2^112: the difference of f32's exponent bias and a half's. */
const REBIAS: f32 = reinterpret<f32>(0x77800000)

/** 2^-14, the smallest normal half. */
const SMALLEST_NORMAL: u32 = 0x38800000

/** 112 in an f32's exponent. */
const EXPONENT_112: u32 = 0x38000000

/** Sign and magnitude bits of a half in a sign-extended i32 shifted left by 13. */
const SIGN_AND_MAGNITUDE: i32 = 0x8fffe000

/** The finite half at `pointer` as f32. */
@inline
export function loadFiniteF16(pointer: usize): f32 {
  return reinterpret<f32>(((<i32>load<i16>(pointer)) << 13) & SIGN_AND_MAGNITUDE) * REBIAS
}

/**
 * The same in constant time, for the scales of K formats, which are often subnormal: a multiplication with a subnormal
 * number costs a hundred cycles or more on some processors. Adding 112 to the exponent is right for a normal half, adding
 * 113 and subtracting 2^-14 for a subnormal one; otherwise each gives too much, so the smaller result is right.
 */
@inline
export function loadSmallF16(pointer: usize): f32 {
  return smallF16(<u32>load<u16>(pointer))
}

/** The same for a half in the lower 16 bits. */
@inline
export function smallF16(bits: u32): f32 {
  const magnitude = (bits & 0x7fff) << 13
  const normal = reinterpret<f32>(magnitude + EXPONENT_112)
  const subnormal = reinterpret<f32>(magnitude + SMALLEST_NORMAL) - reinterpret<f32>(SMALLEST_NORMAL)
  return reinterpret<f32>(reinterpret<u32>(min(normal, subnormal)) | ((bits & 0x8000) << 16))
}

/** The half with these bits as f32, exact, including infinities and NaNs. */
@inline
export function f16ToF32(bits: u16): f32 {
  const magnitude = (<u32>bits & 0x7fff) << 13
  const sign = (<u32>bits & 0x8000) << 16
  if (magnitude >= 0x0f800000) return reinterpret<f32>(sign | magnitude | 0x7f800000)
  return reinterpret<f32>(sign | magnitude) * REBIAS
}

/** The factor that values of `loadUnscaledF16x4` lack. */
export const F16_FACTOR: f32 = REBIAS

/** Four finite halves from `pointer` as f32, divided by `F16_FACTOR`; `mask` is the constant HALF_BITS. */
@inline
export function loadUnscaledF16x4(pointer: usize, mask: v128): v128 {
  return v128.and(i32x4.shl(v128.load16x4_s(pointer), 13), mask)
}

/** Four finite halves from `pointer` as f32; a subnormal one costs dozens of cycles. */
@inline
export function loadFiniteHalves(pointer: usize): v128 {
  return f32x4.mul(v128.and(i32x4.shl(v128.load16x4_s(pointer), 13), constant(HALF_BITS)), constant(HALF_REBIAS))
}

/** `loadSmallF16` for four halves, sign-extended and shifted left by 13. */
@inline
export function smallHalves(bits: v128): v128 {
  const magnitude = v128.and(bits, constant(HALF_MAGNITUDE))
  const normal = i32x4.add(magnitude, constant(REBIAS_BITS))
  const smallest = constant(SMALLEST_NORMAL_BITS)
  const subnormal = f32x4.sub(i32x4.add(magnitude, smallest), smallest)
  return v128.or(f32x4.pmin(normal, subnormal), v128.and(bits, constant(SIGN)))
}

/** Four finite halves from `pointer` as f32, in constant time like `loadSmallF16`. */
@inline
export function loadFiniteF16x4(pointer: usize): v128 {
  return smallHalves(i32x4.shl(v128.load16x4_s(pointer), 13))
}

/** Four halves from `pointer` as f32, exact, including infinities and NaNs. */
@inline
export function loadF16x4(pointer: usize): v128 {
  const bits = loadUnscaledF16x4(pointer, i32x4.splat(SIGN_AND_MAGNITUDE))
  const exponent = i32x4.splat(0x0f800000)
  const special = i32x4.eq(v128.and(bits, exponent), exponent)
  // The product of an infinity or NaN is 65536 or more: setting all exponent bits makes it infinite or NaN again.
  return v128.or(f32x4.mul(bits, f32x4.splat(REBIAS)), v128.and(special, i32x4.splat(0x7f800000)))
}

/** 2^16 minus half a unit in the last place of a half: this and everything above rounds to infinity. */
const OVERFLOW: u32 = 0x477ff000
/** The bits of 0.5, whose last place is 2^-24, like a subnormal half's: adding 0.5 rounds to that place. */
const HALF: u32 = 0x3f000000
/** Changes the exponent's bias from f32 to a half's, and adds just less than half a unit for rounding. */
const UNBIAS_AND_ROUND: u32 = 0x0fff - (112 << 23)

/**
 * Bits of the halves nearest to four values, ties to even, in four u32 lanes. Values out of range become infinite, every NaN
 * the quiet NaN 0x7e00 with its sign.
 */
@inline
export function f32x4ToF16x4(values: v128): v128 {
  const magnitude = v128.and(values, i32x4.splat(0x7fffffff))
  const odd = v128.and(i32x4.shr_u(magnitude, 13), i32x4.splat(1))
  const normal = i32x4.shr_u(i32x4.add(i32x4.add(magnitude, i32x4.splat(UNBIAS_AND_ROUND)), odd), 13)
  const subnormal = i32x4.sub(f32x4.add(magnitude, f32x4.splat(0.5)), i32x4.splat(HALF))
  const isSubnormal = i32x4.lt_s(magnitude, i32x4.splat(SMALLEST_NORMAL))
  const finite = v128.bitselect(subnormal, normal, isSubnormal)
  const isNaN = i32x4.gt_s(magnitude, i32x4.splat(0x7f800000))
  const infinityOrNaN = v128.or(i32x4.splat(0x7c00), v128.and(isNaN, i32x4.splat(0x0200)))
  const rounded = v128.bitselect(finite, infinityOrNaN, i32x4.lt_s(magnitude, i32x4.splat(OVERFLOW)))
  return v128.or(rounded, i32x4.shr_u(v128.andnot(values, i32x4.splat(0x7fffffff)), 16))
}

/** Stores four f32 values as halves (8 bytes) at `out`. */
@inline
export function storeF16x4(out: usize, values: v128): void {
  const bits = f32x4ToF16x4(values)
  v128.store64_lane(out, i16x8.narrow_i32x4_u(bits, bits), 0)
}
