import { smallF16 } from '../math/f16'
import { oddFactors, OffsetGrid } from './grid_blocks'
import { eights, IQ1_DELTAS, IQ1_GRID } from './grids'

/** Offsets in a block. */
const HIGH_BITS: usize = 32
const SCALES: usize = 48
/** A factor is 2 s + 1. */
const UNIT: f32 = 0.125

/**
 * 256 quants in 16 sub-blocks of 16, 1.75 bits each: w = d (2 s + 1) × (g + delta), g one of -1, 0 and 1, delta 1/8 or -1/8 for
 * 8 quants, s a 3-bit scale. Here g + delta are the integers 8 g + 1 or 8 g - 1.
 * Layout: low 8 bits of the indices of g, each for 8 quants (32 bytes); in nibbles the high 3 bits of an index and the sign of
 * delta (16 bytes); four u16, each with four scales s and in its top 4 bits a quarter of d (f16), the lowest first. Source:
 * block_iq1_m in ggml-common.h.
 */
@unmanaged
export class IQ1_M extends OffsetGrid<IQ1_M> {
  @inline get bytes(): i32 {
    return 56
  }
  @inline get step(): i32 {
    return 16
  }
  @inline get zero(): i32 {
    return 9
  }
  @inline get bits(): i32 {
    return 5
  }

  @inline d(): f32 {
    const scales = load<u64>(changetype<usize>(this) + SCALES)
    const low = ((scales >> 12) & 0xf) | ((scales >> 24) & 0xf0)
    return smallF16(<u32>(low | ((scales >> 36) & 0xf00) | ((scales >> 48) & 0xf000))) * UNIT
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    let ds = f32x4.splat(this.d())
    ds = f32x4.replace_lane(ds, 1, changetype<IQ1_M>(w1).d())
    ds = f32x4.replace_lane(ds, 2, changetype<IQ1_M>(w2).d())
    return f32x4.replace_lane(ds, 3, changetype<IQ1_M>(w3).d())
  }

  @inline factor(k: i32, sub: i32): i32 {
    const scales = <i32>load<u16>(changetype<usize>(this) + SCALES + (((<usize>sub) >> 1) << 1))
    return (((scales >> (6 * (sub & 1) + 3 * k)) & 7) << 1) | 1
  }

  /** The scales' words are the upper halves of the lanes. */
  @inline wordsAt(sub: i32): usize {
    return SCALES - 2 + (((<usize>sub) >> 1) << 1)
  }

  @inline factors(words: v128, k: i32, sub: i32): v128 {
    return oddFactors(words, 16 + 6 * (sub & 1) + 3 * k, 7)
  }

  /** With the zero added. */
  @inline quants(k: i32, sub: i32): v128 {
    const w = changetype<usize>(this)
    const low = w + ((<usize>sub) << 2) + ((<usize>k) << 1)
    const high = <u32>load<u8>(w + HIGH_BITS + ((<usize>sub) << 1) + <usize>k)
    return i8x16.add(
      eights(
        IQ1_GRID,
        ((<u32>load<u8>(low)) << 3) | ((high << 11) & 0x3800),
        ((<u32>load<u8>(low, 1)) << 3) | ((high << 7) & 0x3800),
      ),
      eights(IQ1_DELTAS, high & 8, (high >> 4) & 8),
    )
  }
}
