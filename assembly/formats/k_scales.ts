/**
 * The 6-bit scales and minimums of Q4_K and Q5_K: 8 of each in 12 bytes. Byte i and byte 4 + i (i < 4) hold scale i
 * and minimum i in their low 6 bits; scale and minimum 4 + i have their low 4 bits in the nibbles of byte 8 + i
 * and their high 2 bits on top of byte i and byte 4 + i.
 *
 * The functions take the three 32-bit words `p0`, `p1` and `p2` of the 12 bytes, for up to four blocks in the lanes of
 * vectors, and return four scales or minimums in the bytes of each lane.
 */
import { BYTES_0F, BYTES_30, BYTES_3F, constant } from '../math/constants'

/** Scales 0…3. */
@inline
export function scales0(p0: v128): v128 {
  return v128.and(p0, constant(BYTES_3F))
}

/** Scales 4…7. */
@inline
export function scales4(p0: v128, p2: v128): v128 {
  return v128.or(v128.and(p2, constant(BYTES_0F)), v128.and(i32x4.shr_u(p0, 2), constant(BYTES_30)))
}

/** Minimums 0…3. */
@inline
export function minimums0(p1: v128): v128 {
  return scales0(p1)
}

/** Minimums 4…7. */
@inline
export function minimums4(p1: v128, p2: v128): v128 {
  return scales4(p1, i32x4.shr_u(p2, 4))
}
