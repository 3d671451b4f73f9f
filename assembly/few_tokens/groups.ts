/**
 * How rows are decoded: in groups, which are read from memory once and multiplied with all tokens as in matvec.ts, while they are in
 * the L1 cache; or, for enough tokens, in panels (product.ts). formats/decode.ts combines them.
 */
import { DOT_BYTES, DOT_KIND, INT16, INT8, totalsAt } from '../activations'
import { dotQuarters, rowBytesOf } from '../formats/row_dots'
import { EIGHT } from '../formats/x8'
import { matvecEights, matvecFoursOf, matvecOf, matvecX8Of } from '../matvec'
import { matvecTokensOf, matvecTokensOfX8 } from './product'

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

/** Repacked (x8) formats, whose blocks `Dots` multiplies as in `matvecX8Of`; the number of rows is a multiple of eight. */
@unmanaged
export class X8Eights<T, Dots> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecX8Of<T, Dots>(weights, x, out, rows, columns)
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
    const eightBytes = rowBytesOf<T>(columns) * EIGHT
    for (let r = 0; r < rows; r += EIGHT, weights += eightBytes, out += EIGHT << 2) {
      let at = x
      let to = out
      for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
        const scales = at + <usize>columns * DOT_BYTES
        const sums = scales + ((<usize>columns) >> 3)
        memory.fill(to, 0, EIGHT << 2)
        changetype<Dots>(weights).add(at, scales, sums, at + totalsAt(DOT_KIND, columns), scales, to)
      }
    }
  }
}

/** The same with panels, which `P` packs for the `K` of the format in the file, for enough tokens. */
@unmanaged
export class X8Panels<T, Dots, K, P> {
  @inline get kind(): i32 {
    return DOT_KIND
  }

  @inline matvec(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
    matvecX8Of<T, Dots>(weights, x, out, rows, columns)
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
    if (tokens < changetype<P>(0).fewest) {
      changetype<X8Eights<T, Dots>>(0).tokens(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
    } else matvecTokensOfX8<T, K, P>(weights, x, xStride, out, outStride, rows, columns, tokens, scratch)
  }
}
