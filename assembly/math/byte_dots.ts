/**
 * Products of two vectors of 8 bits that are summed right into 32-bit lanes, one instruction on processors with AVX-VNNI.
 *
 * `i32x4.relaxed_dot_i8x16_i7x16_add_s` promises a result for second operands of 7 bits alone. What it makes of an
 * eighth bit is the processor's choice, but always the same one: so the relaxed build tries it when it is instantiated.
 */

/** Σ of four products each, of signed bytes of `x` and bytes of `quants`, added to the lanes of `sum`. */
@inline
export function dotAdd(x: v128, quants: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, quants, sum)
}

/** Whether `dotAdd` takes all eight bits of `quants` as a number from 0 to 255, and loses nothing of a sum. */
function probe(): bool {
  if (ASC_FEATURE_RELAXED_SIMD) {
    const largest = dotAdd(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0))
    return i32x4.extract_lane(largest, 0) == 4 * 127 * 255
  }
  return false
}

export const BYTE_DOTS: bool = probe()
