/**
 * Q2_K, Q3_K and Q6_K have 256 quants in 16 sub-blocks of 16, each with its own scale, in the same layout: in each half of
 * 128, four sub-blocks, every second one, share the bits of the same 16 bytes. Such a set of four is called a column here;
 * column c (0 or 1) of a half holds sub-blocks c, c + 2, c + 4 and c + 6, and their scales form one vector.
 */
import { lane0, lane1, lane2, lane3, scaled, storeScaled } from './bytes'
import { sumsI32x4 } from './rows'

/** The even signed bytes of eight, two per lane, as f32: the scales of a half's column 0. */
@inline
export function evenBytes(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(bytes, 24), 24))
}

/** The odd ones: column 1. */
@inline
export function oddBytes(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(bytes, 8))
}

/**
 * Dot product of 16 signed bytes with 16 activations (i16) at `x`, in four lanes of i32. A lane sums 4 products of magnitude
 * at most 128 × 32767 < 2^22, so 128 such sums can be added before a lane overflows.
 */
@inline
function dotBytes(q: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(q), v128.load(x)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(q), v128.load(x + 16)),
  )
}

/** A column's dot product: its four quants vectors, its activations in steps of 32 from `x`, its scales in lanes. */
@inline
export function dotColumn(q0: v128, q1: v128, q2: v128, q3: v128, x: usize, scales: v128): v128 {
  return scaled(
    sumsI32x4(dotBytes(q0, x), dotBytes(q1, x + 64), dotBytes(q2, x + 128), dotBytes(q3, x + 192)),
    scales,
  )
}

/** Stores a column's weights as f32 at `out`, in steps of 32 elements. */
@inline
export function storeColumn(out: usize, q0: v128, q1: v128, q2: v128, q3: v128, scales: v128): void {
  storeScaled(out, q0, lane0(scales))
  storeScaled(out + 128, q1, lane1(scales))
  storeScaled(out + 256, q2, lane2(scales))
  storeScaled(out + 384, q3, lane3(scales))
}
