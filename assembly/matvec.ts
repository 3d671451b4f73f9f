/**
 * Matrix × vector (GEMV) directly on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `addBlock`, or `dot`, takes; `out` is f32[rows].
 *
 * Rows are taken from several places of the matrix in rotation, so that memory is read in many sequential streams: hardware
 * prefetchers follow many such streams at once, but not jumps. Measurements are in bench/kernels/README.md.
 */

import { DOT_KIND, DOT_BYTES, totalsAt } from './activations'
import { EIGHT } from './formats/x8'
import { dotQuarters, rowBytesOf } from './formats/row_dots'

/** Streams from which single rows are taken. */
const STREAMS: i32 = 16

/**
 * Eight rows at a time, one from each eighth of the rows, alternating between the halves of an eighth. `R` has `dotEight`: for small
 * blocks with `addBlock` it is `BlockRows<T>`, for plain numbers `FloatRows<T>`. Past the end the last row is computed again, so that a row's bits do not depend on where a matrix, or a thread's part, ends.
 */
@inline
export function matvecEights<T, R>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const stride = rowBytesOf<T>(columns)
  const eighth = (rows + 7) >> 3
  const part = (eighth + 1) >> 1
  const far = <usize>eighth * stride
  const last = weights + <usize>(rows - 1) * stride
  for (let first = 0; first < part; first++) {
    for (let r = first; r < eighth; r += part) {
      const count = (rows - 1 - r) / eighth + 1
      const eight = changetype<R>(weights + <usize>r * stride)
      eight.dotEight(far, last, x, columns, out + ((<usize>r) << 2), (<usize>eighth) << 2, count)
    }
  }
}

/** For large blocks: four rows at a time, one from each quarter of the rows, alternating between four parts of a quarter. */
@inline
export function matvecFoursOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const stride = rowBytesOf<T>(columns)
  const quarter = (rows + 3) >> 2
  const part = (quarter + 3) >> 2
  for (let first = 0; first < part; first++) {
    for (let r = first; r < quarter; r += part) {
      dotQuarters<T>(weights, stride, r, quarter, rows - 1, x, columns, out)
    }
  }
}

/** For formats with `dot`: row by row. */
@inline
export function matvecOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const stride = rowBytesOf<T>(columns)
  const part = (rows + STREAMS - 1) / STREAMS
  for (let first = 0; first < part; first++) {
    for (let r = first; r < rows; r += part) {
      store<f32>(out + ((<usize>r) << 2), changetype<T>(weights + <usize>r * stride).dot(x, columns))
    }
  }
}

/** Streams of x8 rows, of all threads: 0 is the default. */
const x8Streams = memory.data(4, 4)
const DEFAULT_X8_STREAMS: i32 = 8

/**
 * Sets in how many sequential streams `matvec` reads repacked weights: 1 or more. Which is fastest depends on the processor's
 * prefetchers; the results are the same.
 */
export function set_x8_streams(streams: i32): void {
  store<i32>(x8Streams, streams)
}
/** Hardware prefetchers do not cross pages. */
const PAGE: usize = 4096
const LINE: usize = 64

/**
 * For repacked (x8) formats, whose blocks `Dots` multiplies (see formats/q4_0x8_dots.ts): some blocks of one group of eight
 * rows from each stream, then the next blocks of these. `rows` is a multiple of eight.
 *
 * A stream stalls at its beginning and at each new page, until the hardware prefetcher follows it again. So the beginnings
 * of all streams are touched at once, and once per page the beginnings of the next pages.
 */
@inline
export function matvecX8Of<T, Dots>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const format = changetype<T>(weights)
  const eightBytes = rowBytesOf<T>(columns) * EIGHT
  const stepColumns = <usize>(format.blocksAtOnce * format.elements)
  const stepBytes = stepColumns * DOT_BYTES
  const stepWeightBytes = <usize>(format.blocksAtOnce * format.bytes * EIGHT)
  const eights = rows / EIGHT
  const streams = load<i32>(x8Streams) || DEFAULT_X8_STREAMS
  const part = (eights + streams - 1) / streams
  const far = <usize>part * eightBytes
  const outFar = <usize>(part * EIGHT) << 2
  const scales = x + <usize>columns * DOT_BYTES
  const halves = scales + ((<usize>columns) >> 3)
  const totals = x + totalsAt(DOT_KIND, columns)
  memory.fill(out, 0, (<usize>rows) << 2)
  const weightsEnd = weights + <usize>eights * eightBytes
  for (let w = weights; w < weightsEnd; w += far) touch(w, weightsEnd)
  let untouched = PAGE
  for (let first = 0; first < part; first++) {
    const count = (eights - 1 - first) / part + 1
    const begin = out + ((<usize>(first * EIGHT)) << 2)
    const last = begin + <usize>count * outFar
    let from = weights + <usize>first * eightBytes
    let scale = scales
    let sums = halves
    let total = totals
    for (let at = x; at < scales; at += stepBytes, from += stepWeightBytes) {
      const end = min(at + stepBytes, scales)
      untouched += stepWeightBytes
      if (untouched > PAGE) {
        untouched = stepWeightBytes
        for (let w = from; w < weightsEnd; w += far) touch((w + PAGE) & ~(PAGE - 1), weightsEnd)
      }
      let w = from
      for (let to = begin; to < last; to += outFar, w += far) changetype<Dots>(w).add(at, scale, sums, total, end, to)
      scale += stepColumns >> 3
      sums += stepColumns >> 2
      total += stepColumns >> 3
    }
  }
}

/** Prefetches the first cache lines at `at`, if they are before `end`. */
@inline
function touch(at: usize, end: usize): void {
  if (at + 3 * LINE >= end) return
  load<i32>(at)
  load<i32>(at, LINE)
  load<i32>(at, 2 * LINE)
}
