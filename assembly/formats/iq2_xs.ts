import { loadSmallF16 } from '../math/f16'
import { oddFactors, oddNibble, SignedGrid } from './grid_blocks'
import { eights, EVEN_MASKS, IQ2_XS_GRID } from './grids'
import { smallHalves4 } from './rows'

/** Offsets in a block. */
const WORDS: usize = 2
const SCALES: usize = 66
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in 16 sub-blocks of 16, about 2.3 bits each: w = d (s + 1/2) / 4 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); 32 words of 16 bits, each for 8 quants: 9 bits select magnitudes and 7 bits signs, the eighth sign makes the
 * number of negative ones even; scales in nibbles (8 bytes). Source: block_iq2_xs in ggml-common.h.
 */
@unmanaged
export class IQ2_XS extends SignedGrid<IQ2_XS> {
  @inline get bytes(): i32 {
    return 74
  }
  @inline get step(): i32 {
    return 16
  }
  @inline get zero(): i32 {
    return 43
  }
  @inline get bits(): i32 {
    return 7
  }

  @inline d(): f32 {
    return loadSmallF16(changetype<usize>(this)) * UNIT
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    return f32x4.mul(smallHalves4(changetype<usize>(this), w1, w2, w3), f32x4.splat(UNIT))
  }

  @inline factor(k: i32, sub: i32): i32 {
    return oddNibble(changetype<usize>(this) + SCALES + <usize>sub, k)
  }

  /** The scales' bytes are the upper ones of the lanes. */
  @inline wordsAt(sub: i32): usize {
    return SCALES - 3 + <usize>sub
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
}
