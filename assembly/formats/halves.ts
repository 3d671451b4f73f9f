import { constant } from '../math/constants'

/** Two halves' exponents. */
const HALF_EXPONENTS = memory.data<u32>([0x7c007c00])
/** Where a half's sign and magnitude stand after a signed shift by 3, twice. */
const SIGNS_AND_MAGNITUDES = memory.data<u32>([0x8fff8fff])

/** Whether all of eight halves have an exponent: none is subnormal or zero. */
@inline
export function areNormal(halves: v128): bool {
  return i16x8.all_true(v128.and(halves, constant(HALF_EXPONENTS)))
}

/**
 * Eight 16-bit floats with 5 bits of exponent become f32 by moving exponent and fraction down by 3; the exponent is not
 * corrected, so that it counts less. These are the upper 16 bits.
 */
@inline
function upperBits(halves: v128): v128 {
  return v128.and(i16x8.shr_s(halves, 3), constant(SIGNS_AND_MAGNITUDES))
}

/** The first four of the eight. */
@inline
export function lowUnscaled(halves: v128): v128 {
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upperBits(halves), 0, 8, 1, 9, 2, 10, 3, 11)
}

/** The last four. */
@inline
export function highUnscaled(halves: v128): v128 {
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upperBits(halves), 4, 12, 5, 13, 6, 14, 7, 15)
}
