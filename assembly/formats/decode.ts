/**
 * How a format's decode is computed: `matvec` for one token, and `tokens` for a few, each with the bits that it has alone.
 * `kind` is the activations that they take; `T` reads the blocks. Which format takes which: dispatch.ts.
 */
import { DOT_KIND, FLOATS, INT16, INT8 } from '../activations'
import { Blocks } from '../few_tokens/blocks'
import { byEights, byEightsX8, byFours, byRows, floatsByEights } from '../few_tokens/groups'
import { matvecTokensOf, matvecTokensOfX8 } from '../few_tokens/product'
import { Q4_0x8Panel } from '../few_tokens/q4_0x8'
import { Q4_Kx8Panel } from '../few_tokens/q4_kx8'
import { SuperBlocks } from '../few_tokens/super_blocks'
import { Bytes, Pairs, Words } from '../few_tokens/tile'
import { BYTE_DOTS } from '../math/byte_dots'
import { matvecEightsOf, matvecFloatsOf, matvecFoursOf, matvecOf, matvecX8Of } from '../matvec'
import { Q4_0 } from './q4_0'
import { Q4_0x8 } from './q4_0x8'
import { Q4_0x8Bytes, Q4_0x8Pairs, Q4_0x8Wide } from './q4_0x8_dots'
import { Q4_K } from './q4_k'
import { Q4_Kx8 } from './q4_kx8'
import { Q4_Kx8Bytes, Q4_Kx8Pairs, Q4_Kx8Wide } from './q4_kx8_dots'

/** Plain numbers. */
@unmanaged
export class FloatDecode<T> {
  @inline get kind(): i32 {
    return FLOATS
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecFloatsOf<T>(weights, x, out, rows, columns)
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
    _scratch: usize,
  ): void {
    floatsByEights<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/** Blocks of 32 with unsigned quants of at most 5 bits. */
@unmanaged
export class BlockDecode<T> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecEightsOf<T>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      blocks<T, Pairs>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 3)
    } else blocks<T, Words>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 5)
  }
}

/** The same; `U` multiplies bytes, where `BYTE_DOTS` holds. The sums of a block are integers, so the bits are the same. */
@unmanaged
export class ByteBlockDecode<T, U> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecEightsOf<U>(weights, x, out, rows, columns)
    }
    matvecEightsOf<T>(weights, x, out, rows, columns)
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

/** Blocks of 32 with signed quants of 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedBlockDecode<T, U> {
  @inline get kind(): i32 {
    return BYTE_DOTS ? INT8 : INT16
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecEightsOf<U>(weights, x, out, rows, columns)
    }
    matvecEightsOf<T>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) {
        return blocks<U, Bytes>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 3)
      }
    }
    blocks<T, Words>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch, 5)
  }
}

/** From `least` tokens on a panel is worth packing. */
@inline
function blocks<T, D>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  scratch: usize,
  least: i32,
): void {
  if (tokens < least) byEights<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  else matvecTokensOf<T, Blocks<T, D>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
}

/**
 * Blocks of 256 with unsigned quants of at most 6 bits, whose panels `K` packs: four rows at a time in the relaxed build alone,
 * see `dotSuperBlockRow`.
 */
@unmanaged
export class SuperBlockDecode<T, K> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) matvecFoursOf<T>(weights, x, out, rows, columns)
    else matvecOf<T>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (tokens < 3) byFours<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
      else matvecTokensOf<T, K>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    } else byRows<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/**
 * Blocks of 256 with quants from a codebook, whose panels `K` packs: four rows at a time where `BYTE_DOTS` holds. Elsewhere
 * products of bytes would gain little, since reading the codebook takes most of the time.
 */
@unmanaged
export class GridDecode<T, K> {
  @inline get kind(): i32 {
    return BYTE_DOTS ? INT8 : INT16
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecFoursOf<T>(weights, x, out, rows, columns)
    }
    matvecOf<T>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) {
        if (tokens < 3) byFours<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
        else matvecTokensOf<T, K>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
        return
      }
    }
    byRows<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/** Formats with `dot`, which takes activations of 16 bits: row by row. */
@unmanaged
export class RowDecode<T> {
  @inline get kind(): i32 {
    return INT16
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecOf<T>(weights, x, out, rows, columns)
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
    _scratch: usize,
  ): void {
    byRows<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/** Blocks of 64 and more with unsigned quants of at most 6 bits, without a panel: four rows at a time. */
@unmanaged
export class FoursDecode<T> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecFoursOf<T>(weights, x, out, rows, columns)
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
    _scratch: usize,
  ): void {
    byFours<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/** The same with signed quants of 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedFoursDecode<T, U> {
  @inline get kind(): i32 {
    return BYTE_DOTS ? INT8 : INT16
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecFoursOf<U>(weights, x, out, rows, columns)
    }
    matvecFoursOf<T>(weights, x, out, rows, columns)
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
    _scratch: usize,
  ): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return byFours<U>(weights, x, xStride, out, outStride, rows, columns, tokens)
    }
    byFours<T>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}

/** Q4_0, repacked. */
@unmanaged
export class Q4_0x8Decode {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecX8Of<Q4_0x8, Q4_0x8Bytes>(weights, x, out, rows, columns)
      return matvecX8Of<Q4_0x8, Q4_0x8Pairs>(weights, x, out, rows, columns)
    }
    matvecX8Of<Q4_0x8, Q4_0x8Wide>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      matvecTokensOfX8<Q4_0x8, Blocks<Q4_0, Pairs>, Q4_0x8Panel<Pairs>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    } else {
      matvecTokensOfX8<Q4_0x8, Blocks<Q4_0, Words>, Q4_0x8Panel<Words>>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    }
  }
}

/** Q4_K, repacked. */
@unmanaged
export class Q4_Kx8Decode {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return matvecX8Of<Q4_Kx8, Q4_Kx8Bytes>(weights, x, out, rows, columns)
      return matvecX8Of<Q4_Kx8, Q4_Kx8Pairs>(weights, x, out, rows, columns)
    }
    matvecX8Of<Q4_Kx8, Q4_Kx8Wide>(weights, x, out, rows, columns)
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
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (tokens >= 3) {
        matvecTokensOfX8<Q4_Kx8, SuperBlocks<Q4_K>, Q4_Kx8Panel>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
      } else if (BYTE_DOTS) {
        byEightsX8<Q4_Kx8, Q4_Kx8Bytes>(weights, x, xStride, out, outStride, rows, columns, tokens)
      } else byEightsX8<Q4_Kx8, Q4_Kx8Pairs>(weights, x, xStride, out, outStride, rows, columns, tokens)
    } else byEightsX8<Q4_Kx8, Q4_Kx8Wide>(weights, x, xStride, out, outStride, rows, columns, tokens)
  }
}
