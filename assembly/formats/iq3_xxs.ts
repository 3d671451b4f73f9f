import { dotAdd } from '../math/byte_dots'
import { loadSmallF16 } from '../math/f16'
import { addGridBlock, dequantizeGrid, dotGridRow, oddFactors, unpackGrid } from './grid_blocks'
import { eights, EVEN_MASKS, fours, IQ3_XXS_GRID, negate } from './grids'
import { smallHalves4, words4 } from './rows'

const BYTES: usize = 98
/** Offsets in a block. */
const INDICES: usize = 2
const SIGNS: usize = 66
/** What is added to quants to make them unsigned. */
const ZERO: i8 = 64
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.25

/**
 * 256 quants in eight sub-blocks of 32, about 3.1 bits each: w = d (s + 1/2) / 2 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); indices of magnitudes, each for 4 quants (64 bytes); per sub-block a u32 with four times 7 signs, the eighth
 * of which makes the number of negative ones even, and s in its top 4 bits. Source: block_iq3_xxs in ggml-common.h.
 */
@unmanaged
export class IQ3_XXS {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return <i32>ZERO
  }
  @inline get bits(): i32 {
    return 7
  }
  @inline get minimums(): bool {
    return false
  }

  @inline d(): f32 {
    return loadSmallF16(changetype<usize>(this)) * UNIT
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    return f32x4.mul(smallHalves4(changetype<usize>(this), w1, w2, w3), f32x4.splat(UNIT))
  }

  @inline factor(_k: i32, sub: i32): i32 {
    return <i32>((load<u32>(changetype<usize>(this) + SIGNS + ((<usize>sub) << 2)) >> 28) << 1) | 1
  }

  @inline words(w1: usize, w2: usize, w3: usize, sub: i32): v128 {
    const at = SIGNS + ((<usize>sub) << 2)
    return words4(changetype<usize>(this) + at, w1 + at, w2 + at, w3 + at)
  }

  @inline factors(words: v128, _k: i32, _sub: i32): v128 {
    return oddFactors(words, 28, 15)
  }

  @inline magnitudes(k: i32, sub: i32): v128 {
    const at = changetype<usize>(this) + INDICES + ((<usize>sub) << 3) + ((<usize>k) << 2)
    return fours(
      IQ3_XXS_GRID,
      (<usize>load<u8>(at)) << 2,
      (<usize>load<u8>(at, 1)) << 2,
      (<usize>load<u8>(at, 2)) << 2,
      (<usize>load<u8>(at, 3)) << 2,
    )
  }

  @inline masks(k: i32, sub: i32): v128 {
    const signs = load<u32>(changetype<usize>(this) + SIGNS + ((<usize>sub) << 2))
    return k
      ? eights(EVEN_MASKS, (signs >> 11) & 0x3f8, (signs >> 18) & 0x3f8)
      : eights(EVEN_MASKS, (signs << 3) & 0x3f8, (signs >> 4) & 0x3f8)
  }

  @inline signed(k: i32, sub: i32): v128 {
    return negate(this.magnitudes(k, sub), this.masks(k, sub))
  }

  /** With the zero added. */
  @inline quants(k: i32, sub: i32): v128 {
    return i8x16.add(this.signed(k, sub), i8x16.splat(ZERO))
  }

  /** Activations take the signs, since the magnitudes must be unsigned. */
  @inline addProducts(k: i32, sub: i32, x: v128, sum: v128): v128 {
    return dotAdd(negate(x, this.masks(k, sub)), this.magnitudes(k, sub), sum)
  }

  @inline start(_x: v128): v128 {
    return i32x4.splat(0)
  }

  dequantize(out: usize, n: i32): void {
    dequantizeGrid<IQ3_XXS>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    unpackGrid<IQ3_XXS>(changetype<usize>(this), quants, scales, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotGridRow<IQ3_XXS>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return 1
  }

  /** Where `BYTE_DOTS` holds. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<IQ3_XXS>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}
