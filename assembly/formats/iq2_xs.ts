import { dotAdd } from '../math/byte_dots'
import { loadSmallF16 } from '../math/f16'
import { addGridBlock, dequantizeGrid, dotGridRow, oddFactors, unpackGrid } from './grid_blocks'
import { eights, EVEN_MASKS, IQ2_XS_GRID, negate } from './grids'
import { smallHalves4, words4 } from './rows'

const BYTES: usize = 74
/** Offsets in a block. */
const WORDS: usize = 2
const SCALES: usize = 66
/** What is added to quants to make them unsigned. */
const ZERO: i8 = 43
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in 16 sub-blocks of 16, about 2.3 bits each: w = d (s + 1/2) / 4 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); 32 words of 16 bits, each for 8 quants: 9 bits select magnitudes and 7 bits signs, the eighth sign makes the
 * number of negative ones even; scales in nibbles (8 bytes). Source: block_iq2_xs in ggml-common.h.
 */
@unmanaged
export class IQ2_XS {
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

  /** Two words of the block. */
  @inline pair(k: i32, sub: i32): u32 {
    return load<u32>(changetype<usize>(this) + WORDS + ((<usize>sub) << 3) + ((<usize>k) << 2))
  }

  @inline magnitudes(k: i32, sub: i32): v128 {
    const pair = this.pair(k, sub)
    return eights(IQ2_XS_GRID, (pair << 3) & 0xff8, (pair >> 13) & 0xff8)
  }

  @inline masks(k: i32, sub: i32): v128 {
    const pair = this.pair(k, sub)
    return eights(EVEN_MASKS, (pair >> 6) & 0x3f8, (pair >> 22) & 0x3f8)
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
    dequantizeGrid<IQ2_XS>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    unpackGrid<IQ2_XS>(changetype<usize>(this), quants, scales, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotGridRow<IQ2_XS>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return 1
  }

  /** Where `BYTE_DOTS` holds. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<IQ2_XS>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}
