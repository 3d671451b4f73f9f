/**
 * Matrix × vector straight on quantised blocks, for decode.
 * `weights` is `rows` rows of `columns / T.elements` blocks; `x` is what T's `addBlock`, or `dot`, takes; `out` is f32[rows].
 *
 * Rows are taken from several places in turn, so that memory is read in many streams of which each goes straight on:
 * processors fetch such streams ahead, all at once, and lose those that jump. What was measured is in
 * bench/kernels/README.md.
 */

import { DOT_KIND, DOT_BYTES, totalsAt } from './activations'
import { FloatRows } from './formats/floats'
import { EIGHT } from './formats/x8'
import { BlockRows, dotFour } from './formats/row_dots'

/** Places from which single rows are taken in turn. */
const PLACES: i32 = 16

/** For formats with `addBlock` and small blocks, in eights. */
@inline
export function matvecEightsOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  matvecEights<BlockRows<T>>(weights, stride, x, out, rows, columns)
}

/** For plain numbers, in eights. */
@inline
export function matvecFloatsOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const stride = <usize>(columns * changetype<T>(weights).bytes)
  matvecEights<FloatRows<T>>(weights, stride, x, out, rows, columns)
}

/**
 * Eight rows at a time, one from each eighth of them, and the eights from two parts of an eighth; `R` has `dotEight`. Past
 * the last row it is computed again, so that a row's bits never depend on where a matrix, or a thread's part of it, ends.
 */
@inline
function matvecEights<R>(weights: usize, stride: usize, x: usize, out: usize, rows: i32, columns: i32): void {
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

/** For those with large blocks: four rows at a time, one from each quarter, and the fours from four parts of a quarter. */
@inline
export function matvecFoursOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const quarter = (rows + 3) >> 2
  const part = (quarter + 3) >> 2
  const last = rows - 1
  for (let first = 0; first < part; first++) {
    for (let r = first; r < quarter; r += part) {
      const r1 = r + quarter
      const r2 = r1 + quarter
      const r3 = r2 + quarter
      const sums = dotFour<T>(
        weights + <usize>r * stride,
        weights + <usize>min(r1, last) * stride,
        weights + <usize>min(r2, last) * stride,
        weights + <usize>min(r3, last) * stride,
        x,
        columns,
      )
      store<f32>(out + ((<usize>r) << 2), f32x4.extract_lane(sums, 0))
      if (r1 <= last) store<f32>(out + ((<usize>r1) << 2), f32x4.extract_lane(sums, 1))
      if (r2 <= last) store<f32>(out + ((<usize>r2) << 2), f32x4.extract_lane(sums, 2))
      if (r3 <= last) store<f32>(out + ((<usize>r3) << 2), f32x4.extract_lane(sums, 3))
    }
  }
}

/** For formats with `dot`: row by row. */
@inline
export function matvecOf<T>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const row = changetype<T>(weights)
  const stride = <usize>((columns / row.elements) * row.bytes)
  const part = (rows + PLACES - 1) / PLACES
  for (let first = 0; first < part; first++) {
    for (let r = first; r < rows; r += part) {
      store<f32>(out + ((<usize>r) << 2), changetype<T>(weights + <usize>r * stride).dot(x, columns))
    }
  }
}

/** Eights of interleaved rows that are gone through at a time, and the blocks of each in turn: of Q4_0 nine cache lines. */
const EIGHTS: i32 = 8
const BLOCKS: usize = 4
/** Processors fetch ahead within a page. */
const PAGE: usize = 4096
const LINE: usize = 64

/**
 * For interleaved formats, whose blocks `Dots` multiplies (see formats/q4_0x8_dots.ts): some blocks of one eight
 * of rows from each eighth of them, then the next of these. `rows` is a multiple of eight.
 *
 * A stream that begins, or comes to another page, is waited for until the processor fetches ahead again. So the beginnings
 * of all streams are touched at once, and so are, once a page, those of the pages that come next.
 */
@inline
export function matvecX8Of<T, Dots>(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const format = changetype<T>(weights)
  const eightBytes = <usize>((columns / format.elements) * format.bytes * EIGHT)
  const turn = BLOCKS * <usize>format.elements * DOT_BYTES
  const turnBytes = BLOCKS * <usize>(format.bytes * EIGHT)
  const eights = rows / EIGHT
  const part = (eights + EIGHTS - 1) / EIGHTS
  const far = <usize>part * eightBytes
  const outFar = <usize>(part * EIGHT) << 2
  const scales = x + <usize>columns * DOT_BYTES
  const totals = x + totalsAt(DOT_KIND, columns)
  memory.fill(out, 0, (<usize>rows) << 2)
  const weightsEnd = weights + <usize>eights * eightBytes
  for (let w = weights; w < weightsEnd; w += far) touch(w, weightsEnd)
  let untouched = PAGE
  for (let first = 0; first < part; first++) {
    const count = (eights - 1 - first) / part + 1
    const sums = out + ((<usize>(first * EIGHT)) << 2)
    const last = sums + <usize>count * outFar
    let from = weights + <usize>first * eightBytes
    let scale = scales
    let total = totals
    for (let at = x; at < scales; at += turn, from += turnBytes, scale += 4 * BLOCKS, total += 4 * BLOCKS) {
      const end = min(at + turn, scales)
      untouched += turnBytes
      if (untouched > PAGE) {
        untouched = turnBytes
        for (let w = from; w < weightsEnd; w += far) touch((w + PAGE) & ~(PAGE - 1), weightsEnd)
      }
      let w = from
      for (let to = sums; to < last; to += outFar, w += far) changetype<Dots>(w).add(at, scale, total, end, to)
    }
  }
}

/** Reads the first lines at `at`, so that they are on their way, if there are as many before `end`. */
@inline
function touch(at: usize, end: usize): void {
  if (at + 3 * LINE >= end) return
  load<i32>(at)
  load<i32>(at, LINE)
  load<i32>(at, 2 * LINE)
}
