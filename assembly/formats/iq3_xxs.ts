import { loadSmallF16 } from '../math/f16'
import { oddFactors, SignedGrid } from './grid_blocks'
import { eights, EVEN_MASKS, fours, IQ3_XXS_GRID } from './grids'
import { smallHalves4 } from './rows'

/** Offsets in a block. */
const INDICES: usize = 2
const SIGNS: usize = 66
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.25

/**
 * 256 quants in eight sub-blocks of 32, about 3.1 bits each: w = d (s + 1/2) / 2 × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); indices of magnitudes, each for 4 quants (64 bytes); per sub-block a u32 with four times 7 signs, the eighth
 * of which makes the number of negative ones even, and s in its top 4 bits. Source: block_iq3_xxs in ggml-common.h.
 */
@unmanaged
export class IQ3_XXS extends SignedGrid<IQ3_XXS> {
  @inline get bytes(): i32 {
    return 98
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 64
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

  @inline factor(_k: i32, sub: i32): i32 {
    return <i32>((load<u32>(changetype<usize>(this) + SIGNS + ((<usize>sub) << 2)) >> 28) << 1) | 1
  }

  @inline wordsAt(sub: i32): usize {
    return SIGNS + ((<usize>sub) << 2)
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
}
