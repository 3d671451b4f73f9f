/**
 * Dot products of several rows. A format's `addBlock(w1, w2, w3, x, scale, sums, total, sum)` adds one block of four rows to
 * their sums: the rows' blocks are at the pointer itself and at `w1` … `w3`, the activations at `x`, their scales and sums at
 * the other pointers (see ../README.md). `width` is the bytes of an activation.
 */
import { INT16, INT8 } from '../activations'

/** Bytes of a row of `columns` elements. */
@inline
export function rowBytesOf<T>(columns: i32): usize {
  return <usize>((columns / changetype<T>(0).elements) * changetype<T>(0).bytes)
}

/** Dot products of four rows, in lanes. */
@inline
function dotFour<T>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, n: i32): v128 {
  const bytes = <usize>changetype<T>(w0).bytes
  const elements = <usize>changetype<T>(w0).elements
  const width = changetype<T>(w0).width
  let scale = x + <usize>n * width
  let sums = scale + ((<usize>n) >> 3)
  let total = sums + ((<usize>n) >> 2)
  let sum = f32x4.splat(0)
  for (const end = scale; x < end; x += elements * width) {
    sum = changetype<T>(w0).addBlock(w1, w2, w3, x, scale, sums, total, sum)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    scale += elements >> 3
    sums += elements >> 2
    total += elements >> 3
  }
  return sum
}

/**
 * Dot products of row `r` and three more, each `quarter` rows on, in a matrix whose last row is `last`; the results go to these
 * rows of f32 at `out`. Past the end, the last row is computed and not stored.
 */
@inline
export function dotQuarters<T>(
  weights: usize,
  stride: usize,
  r: i32,
  quarter: i32,
  last: i32,
  x: usize,
  columns: i32,
  out: usize,
): void {
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

/**
 * Dot products of eight rows, for small blocks. The rows begin at `w` and are `far` bytes apart, but not after `last`. The
 * first `count` results are written to `out`, `outFar` bytes apart.
 */
@inline
export function dotEight<T>(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  n: i32,
  out: usize,
  outFar: usize,
  count: i32,
): void {
  const bytes = <usize>changetype<T>(w).bytes
  const elements = <usize>changetype<T>(w).elements
  const width = changetype<T>(w).width
  let w0 = w
  let w1 = min(w + far, last)
  let w2 = min(w + 2 * far, last)
  let w3 = min(w + 3 * far, last)
  let w4 = min(w + 4 * far, last)
  let w5 = min(w + 5 * far, last)
  let w6 = min(w + 6 * far, last)
  let w7 = min(w + 7 * far, last)
  let scale = x + <usize>n * width
  let sums = scale + ((<usize>n) >> 3)
  let total = sums + ((<usize>n) >> 2)
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  for (const end = scale; x < end; x += elements * width) {
    low = changetype<T>(w0).addBlock(w1, w2, w3, x, scale, sums, total, low)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    high = changetype<T>(w4).addBlock(w5, w6, w7, x, scale, sums, total, high)
    w4 += bytes
    w5 += bytes
    w6 += bytes
    w7 += bytes
    scale += elements >> 3
    sums += elements >> 2
    total += elements >> 3
  }
  storeEight(low, high, out, outFar, count)
}

/** Stores the first `count` of eight rows' results. */
@inline
export function storeEight(low: v128, high: v128, out: usize, outFar: usize, count: i32): void {
  store<f32>(out, f32x4.extract_lane(low, 0))
  if (count > 1) store<f32>(out + outFar, f32x4.extract_lane(low, 1))
  if (count > 2) store<f32>(out + 2 * outFar, f32x4.extract_lane(low, 2))
  if (count > 3) store<f32>(out + 3 * outFar, f32x4.extract_lane(low, 3))
  if (count > 4) store<f32>(out + 4 * outFar, f32x4.extract_lane(high, 0))
  if (count > 5) store<f32>(out + 5 * outFar, f32x4.extract_lane(high, 1))
  if (count > 6) store<f32>(out + 6 * outFar, f32x4.extract_lane(high, 2))
  if (count > 7) store<f32>(out + 7 * outFar, f32x4.extract_lane(high, 3))
}

/** Eight rows for `matvec`, for formats with `addBlock`; the pointer is the first row. */
@unmanaged
export class BlockRows<T> {
  @inline get kind(): i32 {
    return changetype<T>(0).width == 1 ? INT8 : INT16
  }

  @inline dotEight(far: usize, last: usize, x: usize, n: i32, out: usize, outFar: usize, count: i32): void {
    dotEight<T>(changetype<usize>(this), far, last, x, n, out, outFar, count)
  }
}
