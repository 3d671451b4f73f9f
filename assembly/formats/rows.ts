/**
 * Matrix × vector takes four rows at a time, which share the loads of the activations. Row r is lane r of a vector, so that
 * scales are converted and sums kept for four rows at once, and no row's result depends on its neighbours. Measurements are
 * in bench/kernels/README.md.
 *
 * Loops take the four rows' pointers `w0` … `w3`. A format `T` has `quants(k, step)`, which unpacks 16 quants of a block as
 * unsigned bytes of `bits` bits: vector k of those that a step of the format's loop takes.
 */
import { dotAdd } from '../math/byte_dots'
import { constant, HALF_BITS, HALF_REBIAS, ONES_I16 } from '../math/constants'
import { smallHalves } from '../math/f16'

/** The 32-bit words at four pointers. */
@inline
export function words4(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
  return v128.load32_lane(w3, v128.load32_lane(w2, v128.load32_lane(w1, v128.load32_zero(w0), 1), 2), 3)
}

/**
 * The finite halves in the upper 16 bits of each lane as f32; the lower bits are ignored. A subnormal half costs dozens of
 * cycles here.
 */
@inline
export function upperHalves(words: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shr_s(words, 3), constant(HALF_BITS)), constant(HALF_REBIAS))
}

/** The same in constant time, like `loadSmallF16`. */
@inline
export function upperSmallHalves(words: v128): v128 {
  return smallHalves(i32x4.shr_s(words, 3))
}

/** The halves at four pointers, in the upper 16 bits of lanes. */
@inline
function loadUpperHalves(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
  let words = v128.load16_lane(w0, i32x4.splat(0), 1)
  words = v128.load16_lane(w1, words, 3)
  words = v128.load16_lane(w2, words, 5)
  return v128.load16_lane(w3, words, 7)
}

/** The finite halves at four pointers as f32. */
@inline
export function halves4(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
  return upperHalves(loadUpperHalves(w0, w1, w2, w3))
}

/** The same in constant time. */
@inline
export function smallHalves4(w0: usize, w1: usize, w2: usize, w3: usize): v128 {
  return upperSmallHalves(loadUpperHalves(w0, w1, w2, w3))
}

/** The lowest byte of each lane, sign-extended; the others likewise. */
@inline
export function byte0(v: v128): v128 {
  return i32x4.shr_s(i32x4.shl(v, 24), 24)
}
@inline
export function byte1(v: v128): v128 {
  return i32x4.shr_s(i32x4.shl(v, 16), 24)
}
@inline
export function byte2(v: v128): v128 {
  return i32x4.shr_s(i32x4.shl(v, 8), 24)
}
@inline
export function byte3(v: v128): v128 {
  return i32x4.shr_s(v, 24)
}

/** The sums of four vectors' i32 lanes, as the lanes of one. */
@inline
export function sumsI32x4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
}

/**
 * The sums of four vectors' i16 lanes, as i32 lanes of one. Lanes are added in pairs as i16 before they are widened;
 * twice if `fours`, that is if sums of four still fit.
 */
@inline
export function sumsI16x8(a: v128, b: v128, c: v128, d: v128, fours: bool): v128 {
  const ab = i16x8.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i16x8.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  const ones = constant(ONES_I16)
  if (fours) {
    const abcd = i16x8.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
    return i32x4.dot_i16x8_s(abcd, ones)
  }
  const ab2 = i32x4.dot_i16x8_s(ab, ones)
  const cd2 = i32x4.dot_i16x8_s(cd, ones)
  return i32x4.add(v128.shuffle<i64>(ab2, cd2, 0, 2), v128.shuffle<i64>(ab2, cd2, 1, 3))
}

/**
 * Dot product of 16 quants with 16 activations of 8 bits, in i16 lanes: each sums two products, of quants of 6 bits at
 * most 63 × 127 × 2 = 16002. Nothing saturates, and the quants' top bit is never set, so every engine gives this result.
 */
@inline
export function dot8(quants: v128, x: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, quants)
}

/** Dot product of 16 quants with 16 activations of 16 bits, in i32 lanes. */
@inline
function dot16(quants: v128, x0: v128, x1: v128): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(quants), x0),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(quants), x1),
  )
}

/**
 * Four rows' quants k times the 16 activations at `x`, in i32 lanes. An i16 lane sums two products before the rows' lanes
 * are added, so sums of four lanes fit with quants of up to 5 bits.
 */
@inline
export function dots16<T>(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, step: i32, x: usize): v128 {
  const x0 = v128.load(x)
  if (ASC_FEATURE_RELAXED_SIMD) {
    return sumsI16x8(
      dot8(changetype<T>(w0).quants(k, step), x0),
      dot8(changetype<T>(w1).quants(k, step), x0),
      dot8(changetype<T>(w2).quants(k, step), x0),
      dot8(changetype<T>(w3).quants(k, step), x0),
      changetype<T>(w0).bits <= 5,
    )
  }
  const x1 = v128.load(x + 16)
  return sumsI32x4(
    dot16(changetype<T>(w0).quants(k, step), x0, x1),
    dot16(changetype<T>(w1).quants(k, step), x0, x1),
    dot16(changetype<T>(w2).quants(k, step), x0, x1),
    dot16(changetype<T>(w3).quants(k, step), x0, x1),
  )
}

/** For quants of 8 bits, if `BYTE_DOTS` holds. */
@inline
function dot32ofBytes<T>(w: usize, k: i32, step: i32, x0: v128, x1: v128): v128 {
  return dotAdd(
    x1,
    changetype<T>(w).quants(k + 1, step),
    dotAdd(x0, changetype<T>(w).quants(k, step), i32x4.splat(0)),
  )
}

@inline
function dot32of8<T>(w: usize, k: i32, step: i32, x0: v128, x1: v128): v128 {
  return i16x8.add(dot8(changetype<T>(w).quants(k, step), x0), dot8(changetype<T>(w).quants(k + 1, step), x1))
}

@inline
function dot32of16<T>(w: usize, k: i32, step: i32, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  return i32x4.add(
    dot16(changetype<T>(w).quants(k, step), x0, x1),
    dot16(changetype<T>(w).quants(k + 1, step), x2, x3),
  )
}

/**
 * Four rows' quants k and k + 1 times the 32 activations at `x`, in i32 lanes. `T` has quants of at most 5 bits, or of 8;
 * an i16 lane sums four products before the rows' lanes are added, so sums of four lanes fit with 4 bits.
 */
@inline
export function dots32<T>(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, step: i32, x: usize): v128 {
  const x0 = v128.load(x)
  const x1 = v128.load(x + 16)
  if (ASC_FEATURE_RELAXED_SIMD) {
    if (changetype<T>(w0).bits == 8) {
      return sumsI32x4(
        dot32ofBytes<T>(w0, k, step, x0, x1),
        dot32ofBytes<T>(w1, k, step, x0, x1),
        dot32ofBytes<T>(w2, k, step, x0, x1),
        dot32ofBytes<T>(w3, k, step, x0, x1),
      )
    }
    return sumsI16x8(
      dot32of8<T>(w0, k, step, x0, x1),
      dot32of8<T>(w1, k, step, x0, x1),
      dot32of8<T>(w2, k, step, x0, x1),
      dot32of8<T>(w3, k, step, x0, x1),
      changetype<T>(w0).bits <= 4,
    )
  }
  const x2 = v128.load(x + 32)
  const x3 = v128.load(x + 48)
  return sumsI32x4(
    dot32of16<T>(w0, k, step, x0, x1, x2, x3),
    dot32of16<T>(w1, k, step, x0, x1, x2, x3),
    dot32of16<T>(w2, k, step, x0, x1, x2, x3),
    dot32of16<T>(w3, k, step, x0, x1, x2, x3),
  )
}
