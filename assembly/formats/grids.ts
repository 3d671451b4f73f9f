/**
 * Codebooks ("grids") of the IQ formats, unpacked when the kernels are instantiated: an entry is the bytes of eight quants, or
 * of four for IQ3, the first in the lowest byte. The modules of several threads write the same bytes to the memory they share.
 */
import { IQ2_S_LIST, IQ2_XS_LIST, IQ3_S_LIST, IQ3_XXS_LIST } from './grid_lists'
import { IQ1_LIST } from './iq1_list'

/** Magnitudes 8, 25 and 43. */
export const IQ2_XS_GRID = memory.data(512 << 3, 16)
export const IQ2_S_GRID = memory.data(1024 << 3, 16)
/** Magnitudes 4, 12, 20, 28, 36, 44, 52 and 62. */
export const IQ3_XXS_GRID = memory.data(256 << 2, 16)
/** Odd magnitudes 1 … 15. */
export const IQ3_S_GRID = memory.data(512 << 2, 16)
/** 0, 8 and 16, for -1, 0 and 1. */
export const IQ1_GRID = memory.data(2048 << 3, 16)

/** For each byte, its bits as bytes: -1 in byte i where bit i is set, else 0. */
const BYTE_MASKS = memory.data(256 << 3, 16)
/** The same for 7 bits and an eighth that makes the number of set bits even. */
export const EVEN_MASKS = memory.data(128 << 3, 16)

/** What digits 0, 1, 2 … mean: magnitudes in the lowest byte, the next … */
const IQ2_DIGITS: u64 = 0x2b1908
const IQ3_XXS_DIGITS: u64 = 0x3e342c241c140c04
const IQ3_S_DIGITS: u64 = 0x0f0d0b0907050301
const IQ1_DIGITS: u64 = 0x100800

/** The bytes of an entry of digits of `bits` bits. */
function bytesOf(entry: u32, bits: u32, digits: u64): u64 {
  let bytes: u64 = 0
  for (let i: u32 = 0; i < 16 / bits; i++) {
    const digit = (entry >> (i * bits)) & ((1 << bits) - 1)
    bytes |= ((digits >> <u64>(digit << 3)) & 0xff) << <u64>(i << 3)
  }
  return bytes
}

function unpackEights(list: usize, to: usize, entries: usize, digits: u64): void {
  for (let i: usize = 0; i < entries; i++) store<u64>(to + (i << 3), bytesOf(load<u16>(list + (i << 1)), 2, digits))
}

function unpackFours(list: usize, to: usize, entries: usize, digits: u64): void {
  for (let i: usize = 0; i < entries; i++) store<u32>(to + (i << 2), <u32>bytesOf(load<u16>(list + (i << 1)), 3, digits))
}

function masksOf(bits: u32): u64 {
  let mask: u64 = 0
  for (let i: u32 = 0; i < 8; i++) if ((bits >> i) & 1) mask |= (<u64>0xff) << <u64>(i << 3)
  return mask
}

function unpackAll(): void {
  unpackEights(IQ2_XS_LIST, IQ2_XS_GRID, 512, IQ2_DIGITS)
  unpackEights(IQ2_S_LIST, IQ2_S_GRID, 1024, IQ2_DIGITS)
  unpackFours(IQ3_XXS_LIST, IQ3_XXS_GRID, 256, IQ3_XXS_DIGITS)
  unpackFours(IQ3_S_LIST, IQ3_S_GRID, 512, IQ3_S_DIGITS)
  unpackEights(IQ1_LIST, IQ1_GRID, 2048, IQ1_DIGITS)
  for (let i: u32 = 0; i < 256; i++) store<u64>(BYTE_MASKS + ((<usize>i) << 3), masksOf(i))
  for (let i: u32 = 0; i < 128; i++) {
    store<u64>(EVEN_MASKS + ((<usize>i) << 3), masksOf(i | ((popcnt<u32>(i) & 1) << 7)))
  }
}

unpackAll()

/** By the bit of IQ1's delta, what that adds to the bytes of IQ1_GRID: two for 1/8 and nothing for -1/8, under a zero of 9. */
export const IQ1_DELTAS = memory.data<u64>([0x0202020202020202, 0])

/** Two entries of eight bytes, `offset0` and `offset1` bytes behind the begin of `grid`. */
@inline
export function eights(grid: usize, offset0: usize, offset1: usize): v128 {
  return v128.load64_lane(grid + offset1, v128.load64_zero(grid + offset0), 1)
}

/** Masks of sixteen signs, the bits at `signs`: bytes of -1 where a bit is set. */
@inline
export function signMasks(signs: usize): v128 {
  return eights(BYTE_MASKS, (<usize>load<u8>(signs)) << 3, (<usize>load<u8>(signs, 1)) << 3)
}

/** Four entries of four bytes. */
@inline
export function fours(grid: usize, offset0: usize, offset1: usize, offset2: usize, offset3: usize): v128 {
  const two = v128.load32_lane(grid + offset1, v128.load32_zero(grid + offset0), 1)
  return v128.load32_lane(grid + offset3, v128.load32_lane(grid + offset2, two, 2), 3)
}

/** Bytes of `v` where `mask` is 0, and negated where it is -1. */
@inline
export function negate(v: v128, mask: v128): v128 {
  return i8x16.sub(v128.xor(v, mask), mask)
}
