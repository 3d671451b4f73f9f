import { loadSmallF16 } from '../math/f16'
import { oddFactors, oddNibble, SignedGrid } from './grid_blocks'
import { fours, IQ3_S_GRID, signMasks } from './grids'
import { smallHalves4 } from './rows'

/** Offsets in a block. */
const LOW_BITS: usize = 2
const HIGH_BITS: usize = 66
const SIGNS: usize = 74
const SCALES: usize = 106

/**
 * 256 quants in eight sub-blocks of 32, about 3.4 bits each: w = d (2 s + 1) × magnitude × sign, s a 4-bit scale.
 * Layout: d (f16); low 8 bits of the indices of magnitudes, each for 4 quants (64 bytes); their ninth bits (8 bytes); signs
 * (32 bytes); scales in nibbles (4 bytes). Source: block_iq3_s in ggml-common.h.
 */
@unmanaged
export class IQ3_S extends SignedGrid<IQ3_S> {
  @inline get bytes(): i32 {
    return 110
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 16
  }
  @inline get bits(): i32 {
    return 5
  }

  @inline d(): f32 {
    return loadSmallF16(changetype<usize>(this))
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    return smallHalves4(changetype<usize>(this), w1, w2, w3)
  }

  @inline factor(_k: i32, sub: i32): i32 {
    return oddNibble(changetype<usize>(this) + SCALES + ((<usize>sub) >> 1), sub & 1)
  }

  /** The scales' bytes are the upper ones of the lanes. */
  @inline wordsAt(sub: i32): usize {
    return SCALES - 3 + ((<usize>sub) >> 1)
  }

  @inline factors(words: v128, _k: i32, sub: i32): v128 {
    return oddFactors(words, 24 + ((sub & 1) << 2), 15)
  }

  @inline magnitudes(k: i32, sub: i32): v128 {
    const w = changetype<usize>(this)
    const low = w + LOW_BITS + ((<usize>sub) << 3) + ((<usize>k) << 2)
    const high = <u32>load<u8>(w + HIGH_BITS + <usize>sub)
    return fours(
      IQ3_S_GRID,
      ((<u32>load<u8>(low)) << 2) | ((k ? high << 6 : high << 10) & 0x400),
      ((<u32>load<u8>(low, 1)) << 2) | ((k ? high << 5 : high << 9) & 0x400),
      ((<u32>load<u8>(low, 2)) << 2) | ((k ? high << 4 : high << 8) & 0x400),
      ((<u32>load<u8>(low, 3)) << 2) | ((k ? high << 3 : high << 7) & 0x400),
    )
  }

  @inline masks(k: i32, sub: i32): v128 {
    return signMasks(changetype<usize>(this) + SIGNS + ((<usize>sub) << 2) + ((<usize>k) << 1))
  }
}
