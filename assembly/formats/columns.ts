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

/** A column's dot product: its four quants vectors, its activations in steps of 32 from `x`, its scales in lanes. */
@inline
export function dotColumn(q0: v128, q1: v128, q2: v128, q3: v128, x: usize, scales: v128): v128 {
  return f32x4.add(
    f32x4.add(
      scaled(dotBytes(q0, x), lane0(scales)),
      scaled(dotBytes(q1, x + 64), lane1(scales)),
    ),
    f32x4.add(
      scaled(dotBytes(q2, x + 128), lane2(scales)),
      scaled(dotBytes(q3, x + 192), lane3(scales)),
    ),
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
