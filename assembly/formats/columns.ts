/**
 * Q2_K, Q3_K and Q6_K have 256 quants in 16 sub-blocks of 16, each with its own scale, and lay them out alike: in each
 * half of 128, four sub-blocks whose numbers differ by two share the bits of the same 16 bytes. Such a set of four is a
 * column here; column c (0 or 1) of a half holds sub-blocks c, c + 2, c + 4 and c + 6, and their scales make one vector.
 */
import { dotBytes, lane0, lane1, lane2, lane3, scaled, storeScaled } from './bytes'

/** The first of each two signed bytes of eight at `bytes`, as f32: the scales of a half's column 0. */
@inline
export function evenBytes(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.shl(bytes, 24), 24))
}

/** The second of each two: column 1. */
@inline
export function oddBytes(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.shr_s(bytes, 8))
}

/**
 * The sums of four vectors' lanes, as the lanes of one: cheaper than to scale each vector on its own, and the sums of
 * at most 16 products below 2^22 stay integers.
 */
@inline
function sumsI32x4(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  const cd = i32x4.add(v128.shuffle<i32>(c, d, 0, 4, 1, 5), v128.shuffle<i32>(c, d, 2, 6, 3, 7))
  return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
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
