/** Where the byte of the bits for elements 0…15 and 16…31 stands in a splat 32-bit word, as `swizzle` wants it. */
const LOW_BYTES = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], 16)
const HIGH_BYTES = memory.data<u8>([2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3], 16)
/** Bit i of a byte for element i of 8. */
const BIT = memory.data<u8>([1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128], 16)

@inline
function spread(word: usize, bytes: usize): v128 {
  const bit = v128.load(BIT)
  return i8x16.eq(v128.and(i8x16.swizzle(v128.load32_splat(word), v128.load(bytes)), bit), bit)
}

/** Bits 0…15 of the 32-bit word at `word`, each as a byte: all ones for 1, zero for 0. */
@inline
export function spreadLow(word: usize): v128 {
  return spread(word, LOW_BYTES)
}

/** Bits 16…31, alike. */
@inline
export function spreadHigh(word: usize): v128 {
  return spread(word, HIGH_BYTES)
}
