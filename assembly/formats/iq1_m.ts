import { dotAdd } from '../math/byte_dots'
import { smallF16 } from '../math/f16'
import { addGridBlock, dequantizeGrid, dotGridRow, oddFactors, unpackGrid } from './grid_blocks'
import { eights, IQ1_DELTAS, IQ1_GRID } from './grids'
import { words4 } from './rows'

const BYTES: usize = 56
/** Offsets in a block. */
const HIGH_BITS: usize = 32
const SCALES: usize = 48
/** What is added to quants to make them unsigned. */
const ZERO: i8 = 9
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
export class IQ1_M {
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
    return 5
  }
  @inline get minimums(): bool {
    return false
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
  @inline words(w1: usize, w2: usize, w3: usize, sub: i32): v128 {
    const at = SCALES - 2 + (((<usize>sub) >> 1) << 1)
    return words4(changetype<usize>(this) + at, w1 + at, w2 + at, w3 + at)
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

  @inline signed(k: i32, sub: i32): v128 {
    return i8x16.sub(this.quants(k, sub), i8x16.splat(ZERO))
  }

  @inline addProducts(k: i32, sub: i32, x: v128, sum: v128): v128 {
    return dotAdd(x, this.quants(k, sub), sum)
  }

  /** What the zero subtracts. */
  @inline start(x: v128): v128 {
    return i32x4.neg(dotAdd(x, i8x16.splat(ZERO), i32x4.splat(0)))
  }

  dequantize(out: usize, n: i32): void {
    dequantizeGrid<IQ1_M>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    unpackGrid<IQ1_M>(changetype<usize>(this), quants, scales, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotGridRow<IQ1_M>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return 1
  }

  /** Where `BYTE_DOTS` holds. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<IQ1_M>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}
