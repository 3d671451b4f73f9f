/** Formats whose quants are indices into a table of sixteen bytes, so that one swizzle looks sixteen of them up. */
import { BYTES_0F, constant } from '../math/constants'

/** The values of IQ4_NL and IQ4_XS; source: kvalues_iq4nl in ggml-common.h. */
export const IQ4 = memory.data<i8>([-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113], 16)
/** The same plus 128. */
export const UNSIGNED_IQ4 = memory.data<u8>([1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241], 16)

/** Floats of 4 bits (e2m1), doubled, of MXFP4 and NVFP4; source: kvalues_fp4 in ggml-common.h. */
export const FP4 = memory.data<i8>([0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12], 16)
/** The same plus 12. */
export const UNSIGNED_FP4 = memory.data<u8>([12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0], 16)

/** The bytes of `table` at `indices`, which are below 16. */
@inline
export function lookUp(table: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(table, indices)
  return i8x16.swizzle(table, indices)
}

/** The values that the low nibbles of `q` select from the table at `table`, or with `high` the high ones. */
@inline
export function lookUpNibbles(table: usize, q: v128, high: i32): v128 {
  return lookUp(v128.load(table), v128.and(high ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F)))
}
