/**
 * Choices between two ways to multiply a format, which have `kind`, `tokens` and, for decode, `matvec`: see decode.ts and tiles.ts.
 * The way not taken in a build is not compiled.
 */
import { BYTE_DOTS } from '../math/byte_dots'

/** `A` in the relaxed build, otherwise `B`. */
@unmanaged
export class Relaxed<A, B> {
  @inline get kind(): i32 {
    return ASC_FEATURE_RELAXED_SIMD ? changetype<A>(0).kind : changetype<B>(0).kind
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) changetype<A>(0).matvec(weights, x, out, rows, columns)
    else changetype<B>(0).matvec(weights, x, out, rows, columns)
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
      changetype<A>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    } else changetype<B>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}

/** `A` where `BYTE_DOTS` holds, which it can in the relaxed build alone, otherwise `B`. */
@unmanaged
export class ByteDots<A, B> {
  @inline get kind(): i32 {
    return BYTE_DOTS ? changetype<A>(0).kind : changetype<B>(0).kind
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    if (ASC_FEATURE_RELAXED_SIMD) {
      if (BYTE_DOTS) return changetype<A>(0).matvec(weights, x, out, rows, columns)
    }
    changetype<B>(0).matvec(weights, x, out, rows, columns)
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
        return changetype<A>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
      }
    }
    changetype<B>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}
