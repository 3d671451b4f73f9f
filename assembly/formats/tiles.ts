/**
 * How a format's `matmul` is computed: the class of its tile, see matmul/. `kind` is the activations that it takes; `T` reads the
 * blocks. Which format takes which: dispatch.ts.
 */
import { DOT_KIND, FLOATS, INT16, INT8 } from '../activations'
import { BYTE_DOTS } from '../math/byte_dots'
import { FloatTile } from '../matmul/floats'
import { Int16Tile } from '../matmul/int16'
import { Int8Tile } from '../matmul/int8'
import { matmulOf } from '../matmul/product'
import { X8Int16Tile, X8Int8Tile } from '../matmul/x8'

/** Plain numbers. */
@unmanaged
export class FloatTiles<T> {
  @inline get kind(): i32 {
    return FLOATS
  }

  @inline matmul(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: i32,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): void {
    matmulOf<T, FloatTile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}

/** Unsigned quants of at most 6 bits. */
@unmanaged
export class IntegerTiles<T> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matmul(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: i32,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      matmulOf<T, Int8Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    } else {
      matmulOf<T, Int16Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    }
  }
}

/** Signed quants of at most 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedTiles<T, U> {
  @inline get kind(): i32 {
    return BYTE_DOTS ? INT8 : INT16
  }

  @inline matmul(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: i32,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) {
        matmulOf<U, Int8Tile<U>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
        return
      }
    }
    matmulOf<T, Int16Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
  }
}

/** Repacked formats. */
@unmanaged
export class X8Tiles<T> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matmul(
    weights: usize,
    x: usize,
    xStride: usize,
    out: usize,
    outStride: i32,
    rows: i32,
    columns: i32,
    tokens: i32,
    scratch: usize,
  ): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      matmulOf<T, X8Int8Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    } else {
      matmulOf<T, X8Int16Tile<T>>(weights, x, xStride, out, rows, columns, tokens, outStride, scratch)
    }
  }
}
