/**
 * How a format's decode is computed: `matvec` for one token, and `tokens` for a few, each with the bits that it has alone.
 * `kind` is the activations that they take; `T` reads the blocks. Which format takes which: dispatch.ts.
 */
import { DOT_KIND } from '../activations'
import { Blocks } from '../few_tokens/blocks'
import { Eights, Fours, Panels, Rows, X8Eights, X8Panels } from '../few_tokens/groups'
import { Bytes, PairedNibbles, Pairs, Words } from '../few_tokens/products'
import { Q4_0x8Blocks, Q4_0x8Heads, Q4_0x8Panel } from '../few_tokens/q4_0x8'
import { Q4_Kx8Blocks, Q4_Kx8Panel } from '../few_tokens/q4_kx8'
import { SuperBlocks } from '../few_tokens/super_blocks'
import { BYTE_DOTS } from '../math/byte_dots'
import { matvecEights } from '../matvec'
import { ByteDots, Relaxed } from './choices'
import { FloatRows } from './floats'
import { Q4_0 } from './q4_0'
import { Q4_0x8 } from './q4_0x8'
import { Q4_0x8Bytes, Q4_0x8Pairs, Q4_0x8Wide } from './q4_0x8_dots'
import { Q4_K } from './q4_k'
import { Q4_Kx8 } from './q4_kx8'
import { Q4_Kx8Bytes, Q4_Kx8Pairs, Q4_Kx8Wide } from './q4_kx8_dots'
import { BlockRows } from './row_dots'

/** Plain numbers. */
@unmanaged
export class FloatDecode<T> extends Eights<T, FloatRows<T>> {}

/** Blocks of 32, with panels for products that `D` makes. */
@unmanaged
class PanelDecode<T, D> extends Panels<Eights<T, BlockRows<T>>, T, Blocks<T, D>> {}

/** Blocks of 32 with unsigned quants of at most 5 bits. */
@unmanaged
export class BlockDecode<T> extends Relaxed<PanelDecode<T, Pairs>, PanelDecode<T, Words>> {}

/** Blocks of 32 with signed quants of 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedBlockDecode<T, U> extends ByteDots<PanelDecode<U, Bytes>, PanelDecode<T, Words>> {}

/**
 * `BlockDecode`, but `U` multiplies bytes of one token where `BYTE_DOTS` holds. The sums of a block are integers, so the bits are
 * the same.
 */
@unmanaged
export class ByteBlockDecode<T, U> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecEights<U, BlockRows<U>>(weights, x, out, rows, columns)
    }
    matvecEights<T, BlockRows<T>>(weights, x, out, rows, columns)
  }

  @inline tokens(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: usize,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): void {
    changetype<BlockDecode<T>>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}

/**
 * Blocks of 256 with unsigned quants of at most 6 bits, whose panels `K` packs: four rows at a time in the relaxed build alone,
 * see `dotSuperBlockRow`.
 */
@unmanaged
export class SuperBlockDecode<T, K> extends Relaxed<Panels<Fours<T>, T, K>, Rows<T>> {}

/**
 * Blocks of 256 with quants from a codebook, whose panels `K` packs: four rows at a time where `BYTE_DOTS` holds. Elsewhere
 * products of bytes would gain little, since reading the codebook takes most of the time.
 */
@unmanaged
export class GridDecode<T, K> extends ByteDots<Panels<Fours<T>, T, K>, Rows<T>> {}

/** Formats with `dot`, which takes activations of 16 bits: row by row. */
@unmanaged
export class RowDecode<T> extends Rows<T> {}

/** Blocks of 64 and more with unsigned quants of at most 6 bits, without a panel: four rows at a time. */
@unmanaged
export class FoursDecode<T> extends Fours<T> {}

/** The same with signed quants of 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedFoursDecode<T, U> extends ByteDots<Fours<U>, Fours<T>> {}

/** Q4_0, repacked. */
@unmanaged
export class Q4_0x8Decode extends Relaxed<
  ByteDots<X8Panels<Q4_0x8, Q4_0x8Bytes, Q4_0x8Blocks, Q4_0x8Heads>, Q4_0x8Panels<Q4_0x8Pairs, Pairs>>,
  Q4_0x8Panels<Q4_0x8Wide, Words>
> {}

/** `Dots` multiplies blocks with one token, `D` panels with more. */
@unmanaged
class Q4_0x8Panels<Dots, D> extends X8Panels<Q4_0x8, Dots, Blocks<Q4_0, D>, Q4_0x8Panel<D>> {}

/** Q4_K, repacked. */
@unmanaged
export class Q4_Kx8Decode extends Relaxed<
  ByteDots<
    X8Panels<Q4_Kx8, Q4_Kx8Bytes, Q4_Kx8Blocks, Q4_Kx8Panel<PairedNibbles>>,
    X8Panels<Q4_Kx8, Q4_Kx8Pairs, SuperBlocks<Q4_K>, Q4_Kx8Panel<Pairs>>
  >,
  X8Eights<Q4_Kx8, Q4_Kx8Wide>
> {}
