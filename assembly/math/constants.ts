/**
 * Vector constants of hot loops, 32 bits each for all four lanes. V8 rebuilds `i32x4.splat(c)` at each use, in three
 * instructions; a load takes one, and newer engines keep the loaded value in a register.
 */
/** Bit 0, 1, … 7, each in all bytes. */
export const BYTE_BITS = memory.data<u32>([
  0x01010101, 0x02020202, 0x04040404, 0x08080808, 0x10101010, 0x20202020, 0x40404040, 0x80808080,
])
export const BYTES_08 = memory.data<u32>([0x08080808])
export const BYTES_0F = memory.data<u32>([0x0f0f0f0f])
export const BYTES_10 = memory.data<u32>([0x10101010])
export const BYTES_30 = memory.data<u32>([0x30303030])
export const BYTES_3F = memory.data<u32>([0x3f3f3f3f])
export const BYTES_80 = memory.data<u32>([0x80808080])
export const BYTES_F0 = memory.data<u32>([0xf0f0f0f0])
/** The first, second and third nibble of each 16 bits; 8. */
export const WORDS_000F = memory.data<u32>([0x000f000f])
export const WORDS_00F0 = memory.data<u32>([0x00f000f0])
export const WORDS_0F00 = memory.data<u32>([0x0f000f00])
export const WORDS_0008 = memory.data<u32>([0x00080008])
export const ONES_I16 = memory.data<u32>([0x00010001])
/** Sign and magnitude bits of a half in a sign-extended i32 shifted left by 13. */
export const HALF_BITS = memory.data<u32>([0x8fffe000])
/** 2^112 as f32: the difference of f32's exponent bias and a half's. */
export const HALF_REBIAS = memory.data<u32>([0x77800000])
export const SIGN = memory.data<u32>([0x80000000])
/** The magnitude bits only. */
export const HALF_MAGNITUDE = memory.data<u32>([0x0fffe000])
/** 112 in an f32's exponent. */
export const REBIAS_BITS = memory.data<u32>([0x38000000])
/** 2^-14, the smallest normal half, as f32. */
export const SMALLEST_NORMAL_BITS = memory.data<u32>([0x38800000])
/** Powers of two as f32. */
export const TWO_M112 = memory.data<u32>([0x07800000])
export const TWO_38 = memory.data<u32>([0x52800000])
export const TWO_48 = memory.data<u32>([0x57800000])
export const TWO_64 = memory.data<u32>([0x5f800000])
export const TWO_102 = memory.data<u32>([0x72800000])

/** Loads one of these into all four lanes. */
@inline
export function constant(at: usize): v128 {
  return v128.load32_splat(at)
}
