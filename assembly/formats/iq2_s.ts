import { loadSmallF16 } from '../math/f16'
import { oddFactors, oddNibble, SignedGrid } from './grid_blocks'
import { eights, IQ2_S_GRID, signMasks } from './grids'
import { smallHalves4 } from './rows'

/** Offsets in a block. */
const LOW_BITS: usize = 2
const SIGNS: usize = 34
const HIGH_BITS: usize = 66
const SCALES: usize = 74
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in 16 sub-blocks of 16, about 2.6 bits each: w = d (s + 1/2) / 4 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); low 8 bits of the indices of magnitudes, each for 8 quants (32 bytes); signs (32 bytes); high 2 bits of the
 * indices (8 bytes); scales in nibbles (8 bytes). Source: block_iq2_s in ggml-common.h.
 */
@unmanaged
export class IQ2_S extends SignedGrid<IQ2_S> {
  @inline get bytes(): i32 {
    return 82
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
    return signMasks(changetype<usize>(this) + SIGNS + ((<usize>sub) << 2) + ((<usize>k) << 1))
  }
}
