/**
 * 8-bit dot products summed directly into 32-bit lanes, one instruction on processors with AVX-VNNI.
 *
 * `i32x4.relaxed_dot_i8x16_i7x16_add_s` defines the result only for second operands of 7 bits. The meaning of an eighth bit
 * depends on the processor but is consistent, so the relaxed build probes it when it is instantiated.
 */

/** Adds to each lane of `sum` four products of signed bytes of `x` with bytes of `quants`. */
@inline
export function dotAdd(x: v128, quants: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, quants, sum)
}

/** Whether `dotAdd` reads bytes of `quants` as numbers from 0 to 255, with exact sums. */
function probe(): bool {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const largest = dotAdd(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0))
    return i32x4.extract_lane(largest, 0) == 4 * 127 * 255
  }
  return false
}

export const BYTE_DOTS: bool = probe()
