/**
 * How a format's `matmul` is computed: the class of its tile, see matmul/. `kind` is the activations that it takes; `T` reads the
 * blocks. Which format takes which: dispatch.ts.
 */
import { FloatTile } from '../matmul/floats'
import { Int16Tile } from '../matmul/int16'
import { Int8Tile } from '../matmul/int8'
import { matmulOf } from '../matmul/product'
import { X8Int16Tile, X8Int8Tile } from '../matmul/x8'
import { ByteDots, Relaxed } from './choices'

/** Any number of tokens, which `Tile` multiplies; `outStride` is in elements. */
@unmanaged
class Tiled<T, Tile> {
  @inline get kind(): i32 {
    return changetype<Tile>(0).kind
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
    matmulOf<T, Tile>(weights, x, xStride, out, rows, columns, tokens, <i32>outStride, scratch)
  }
}

/** Plain numbers. */
@unmanaged
export class FloatTiles<T> extends Tiled<T, FloatTile<T>> {}

/** Unsigned quants of at most 6 bits. */
@unmanaged
export class IntegerTiles<T> extends Relaxed<Tiled<T, Int8Tile<T>>, Tiled<T, Int16Tile<T>>> {}

/** Signed quants of at most 8 bits; `U` adds their zero, where `BYTE_DOTS` holds. */
@unmanaged
export class SignedTiles<T, U> extends ByteDots<Tiled<U, Int8Tile<U>>, Tiled<T, Int16Tile<T>>> {}

/** Repacked formats. */
@unmanaged
export class X8Tiles<T> extends Relaxed<Tiled<T, X8Int8Tile<T>>, Tiled<T, X8Int16Tile<T>>> {}
