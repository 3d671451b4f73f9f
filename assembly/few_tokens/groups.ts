/**
 * Decode of several tokens for formats without a panel, and for too few tokens to repay packing one: a group of rows is
 * read from memory once and multiplied with all tokens as in matvec.ts, while it is in the L1 cache.
 */
import { FloatRows } from '../formats/floats'
import { BlockRows, dotFour } from '../formats/row_dots'
import { DOT_BYTES, DOT_KIND, totalsAt } from '../activations'
import { EIGHT } from '../formats/x8'

/** For formats with `addBlock` and small blocks, eight rows at a time. */
@inline
export function byEights<T>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  eights<BlockRows<T>>(weights, stride, x, xStride, out, outStride, rows, columns, tokens)
}

/** For plain numbers, eight rows at a time. */
@inline
export function floatsByEights<T>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
  const stride = <usize>(columns * changetype<T>(weights).bytes)
  eights<FloatRows<T>>(weights, stride, x, xStride, out, outStride, rows, columns, tokens)
}

@inline
function eights<R>(
  weights: usize,
  stride: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
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

/** For formats with `addBlock` and large blocks, four rows at a time. */
@inline
export function byFours<T>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const quarter = (rows + 3) >> 2
  const last = rows - 1
  for (let r = 0; r < quarter; r++) {
    const r1 = r + quarter
    const r2 = r1 + quarter
    const r3 = r2 + quarter
    let at = x
    let to = out
    for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
      const sums = dotFour<T>(
        weights + <usize>r * stride,
        weights + <usize>min(r1, last) * stride,
        weights + <usize>min(r2, last) * stride,
        weights + <usize>min(r3, last) * stride,
        at,
        columns,
      )
      store<f32>(to + ((<usize>r) << 2), f32x4.extract_lane(sums, 0))
      if (r1 <= last) store<f32>(to + ((<usize>r1) << 2), f32x4.extract_lane(sums, 1))
      if (r2 <= last) store<f32>(to + ((<usize>r2) << 2), f32x4.extract_lane(sums, 2))
      if (r3 <= last) store<f32>(to + ((<usize>r3) << 2), f32x4.extract_lane(sums, 3))
    }
  }
}

/** For formats with `dot`: row by row. */
@inline
export function byRows<T>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  for (let r = 0; r < rows; r++, weights += stride, out += 4) {
    let at = x
    let to = out
    for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
      store<f32>(to, changetype<T>(weights).dot(at, columns))
    }
  }
}

/** For repacked (x8) formats, whose blocks `Dots` multiplies as in `matvecX8Of`; `rows` is a multiple of eight. */
@inline
export function byEightsX8<T, Dots>(
  weights: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
): void {
  const format = changetype<T>(weights)
  const eightBytes = <usize>((columns / format.elements) * format.bytes * EIGHT)
  for (let r = 0; r < rows; r += EIGHT, weights += eightBytes, out += EIGHT << 2) {
    let at = x
    let to = out
    for (let t = 0; t < tokens; t++, at += xStride, to += outStride) {
      const scales = at + <usize>columns * DOT_BYTES
      memory.fill(to, 0, EIGHT << 2)
      changetype<Dots>(weights).add(
        at,
        scales,
        scales + ((<usize>columns) >> 3),
        at + totalsAt(DOT_KIND, columns),
        scales,
        to,
      )
    }
  }
}
