import { loadSmallF16 } from '../math/f16'
import { oddFactors, OffsetGrid } from './grid_blocks'
import { eights, IQ1_DELTAS, IQ1_GRID } from './grids'
import { smallHalves4 } from './rows'

/** Offsets in a block. */
const LOW_BITS: usize = 2
const WORDS: usize = 34
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in eight sub-blocks of 32, about 1.6 bits each: w = d (2 s + 1) × (g + delta), g one of -1, 0 and 1, delta 1/8 or
 * -1/8 for a sub-block, s a 3-bit scale. Here g + delta are the integers 8 g + 1 or 8 g - 1.
 * Layout: d (f16); low 8 bits of the indices of g, each for 8 quants (32 bytes); per sub-block a u16 with four times the high
 * 3 bits of an index, s, and the sign of delta. Source: block_iq1_s in ggml-common.h.
 */
@unmanaged
export class IQ1_S extends OffsetGrid<IQ1_S> {
  @inline get bytes(): i32 {
    return 50
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 9
  }
  @inline get bits(): i32 {
    return 5
  }

  @inline d(): f32 {
    return loadSmallF16(changetype<usize>(this)) * UNIT
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    return f32x4.mul(smallHalves4(changetype<usize>(this), w1, w2, w3), f32x4.splat(UNIT))
  }

  @inline factor(_k: i32, sub: i32): i32 {
    return ((<i32>this.word(sub) >> 11) & 14) | 1
  }

  /** The sub-blocks' words are the upper halves of the lanes. */
  @inline wordsAt(sub: i32): usize {
    return WORDS - 2 + ((<usize>sub) << 1)
  }

  @inline factors(words: v128, _k: i32, _sub: i32): v128 {
    return oddFactors(words, 28, 7)
  }

  @inline word(sub: i32): u32 {
    return load<u16>(changetype<usize>(this) + WORDS + ((<usize>sub) << 1))
  }

  /** With the zero added. */
  @inline quants(k: i32, sub: i32): v128 {
    const low = changetype<usize>(this) + LOW_BITS + ((<usize>sub) << 2) + ((<usize>k) << 1)
    const word = this.word(sub)
    const grid = eights(
      IQ1_GRID,
      ((<u32>load<u8>(low)) << 3) | ((k ? word << 5 : word << 11) & 0x3800),
      ((<u32>load<u8>(low, 1)) << 3) | ((k ? word << 2 : word << 8) & 0x3800),
    )
    return i8x16.add(grid, v128.load64_splat(IQ1_DELTAS + ((word >> 12) & 8)))
  }
}
