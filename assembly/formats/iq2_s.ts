import { dotAdd } from '../math/byte_dots'
import { loadSmallF16 } from '../math/f16'
import { addGridBlock, dequantizeGrid, dotGridRow, oddFactors, unpackGrid } from './grid_blocks'
import { BYTE_MASKS, eights, IQ2_S_GRID, negate } from './grids'
import { smallHalves4, words4 } from './rows'

const BYTES: usize = 82
/** Offsets in a block. */
const LOW_BITS: usize = 2
const SIGNS: usize = 34
const HIGH_BITS: usize = 66
const SCALES: usize = 74
/** What is added to quants to make them unsigned. */
const ZERO: i8 = 43
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in 16 sub-blocks of 16, about 2.6 bits each: w = d (s + 1/2) / 4 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); low 8 bits of the indices of magnitudes, each for 8 quants (32 bytes); signs (32 bytes); high 2 bits of the
 * indices (8 bytes); scales in nibbles (8 bytes). Source: block_iq2_s in ggml-common.h.
 */
@unmanaged
export class IQ2_S {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 16
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

  @inline factor(k: i32, sub: i32): i32 {
    return (((<i32>load<u8>(changetype<usize>(this) + SCALES + <usize>sub) >> (k << 2)) & 15) << 1) | 1
  }

  /** The scales' bytes are the upper ones of the lanes. */
  @inline words(w1: usize, w2: usize, w3: usize, sub: i32): v128 {
    const at = SCALES - 3 + <usize>sub
    return words4(changetype<usize>(this) + at, w1 + at, w2 + at, w3 + at)
  }

  @inline factors(words: v128, k: i32, _sub: i32): v128 {
    return oddFactors(words, 24 + (k << 2), 15)
  }

  @inline magnitudes(k: i32, sub: i32): v128 {
    const w = changetype<usize>(this)
    const low = w + LOW_BITS + ((<usize>sub) << 2) + ((<usize>k) << 1)
    const high = <u32>load<u8>(w + HIGH_BITS + <usize>sub)
    return eights(
      IQ2_S_GRID,
      ((<u32>load<u8>(low)) << 3) | ((k ? high << 7 : high << 11) & 0x1800),
      ((<u32>load<u8>(low, 1)) << 3) | ((k ? high << 5 : high << 9) & 0x1800),
    )
  }

  @inline masks(k: i32, sub: i32): v128 {
    const signs = changetype<usize>(this) + SIGNS + ((<usize>sub) << 2) + ((<usize>k) << 1)
    return eights(BYTE_MASKS, (<usize>load<u8>(signs)) << 3, (<usize>load<u8>(signs, 1)) << 3)
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
    dequantizeGrid<IQ2_S>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    unpackGrid<IQ2_S>(changetype<usize>(this), quants, scales, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotGridRow<IQ2_S>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return 1
  }

  /** Where `BYTE_DOTS` holds. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<IQ2_S>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}
