import { constant } from '../math/constants'

/** The exponent bits of two halves. */
const HALF_EXPONENTS = memory.data<u32>([0x7c007c00])
/** Sign and magnitude bits of two halves after a signed shift by 3. */
const SIGNS_AND_MAGNITUDES = memory.data<u32>([0x8fff8fff])

/** Whether none of eight halves is subnormal or zero. */
@inline
export function areNormal(halves: v128): bool {
  return i16x8.all_true(v128.and(halves, constant(HALF_EXPONENTS)))
}

/**
 * The upper 16 bits of eight halves (of any bias) as f32: exponent and fraction are shifted right by 3; the exponent's bias
 * is not corrected, so the values are too small.
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
