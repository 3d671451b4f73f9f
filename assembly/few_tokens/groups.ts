/**
 * How rows are decoded: in groups, which are read from memory once and multiplied with all tokens as in matvec.ts, while they are in
 * the L1 cache; or, for enough tokens, in panels (product.ts). formats/decode.ts combines them.
 */
import { INT16, INT8 } from '../activations'
import { dotQuarters, rowBytesOf } from '../formats/row_dots'
import { matvecEights, matvecFoursOf, matvecOf } from '../matvec'
import { matvecTokensOf } from './product'

/** Eight rows at a time, which `R` multiplies: `BlockRows<T>`, or for plain numbers `FloatRows<T>`. */
@unmanaged
export class Eights<T, R> {
  @inline get kind(): i32 {
    return changetype<R>(0).kind
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecEights<T, R>(weights, x, out, rows, columns)
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
    const stride = rowBytesOf<T>(columns)
    const eighth = (rows + 7) >> 3
    const far = <usize>eighth * stride
    const last = weights + <usize>(rows - 1) * stride
    for (let r = 0; r < eighth; r++) {
      const count = (rows - 1 - r) / eighth + 1
      const eight = changetype<R>(weights + <usize>r * stride)
      let at = x
      let to = out + ((<usize>r) << 2)
      for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
        eight.dotEight(far, last, at, columns, to, (<usize>eighth) << 2, count)
      }
    }
  }
}

/** For formats with `addBlock` and large blocks: four rows at a time. */
@unmanaged
export class Fours<T> {
  @inline get kind(): i32 {
    return changetype<T>(0).width == 1 ? INT8 : INT16
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
    const stride = rowBytesOf<T>(columns)
    const quarter = (rows + 3) >> 2
    for (let r = 0; r < quarter; r++) {
      let at = x
      let to = out
      for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
        dotQuarters<T>(weights, stride, r, quarter, rows - 1, at, columns, to)
      }
    }
  }
}

/** For formats with `dot`, which takes activations of 16 bits: row by row. */
@unmanaged
export class Rows<T> {
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
    const stride = rowBytesOf<T>(columns)
    for (let r = 0; r < rows; r++, weights += stride, out += 4) {
      let at = x
      let to = out
      for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
        store<f32>(to, changetype<T>(weights).dot(at, columns))
      }
    }
  }
}

/** Like `Groups`, one of the classes above; but enough tokens to repay packing a panel are multiplied with those of `K`. */
@unmanaged
export class Panels<Groups, T, K> {
  @inline get kind(): i32 {
    return changetype<Groups>(0).kind
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    changetype<Groups>(0).matvec(weights, x, out, rows, columns)
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
    if (tokens < (changetype<K>(0).width == 1 ? 3 : 5)) {
      changetype<Groups>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    } else matvecTokensOf<T, K>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}
