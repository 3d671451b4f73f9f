/**
 * Matrix × several vectors straight on quantised blocks, for decode of several sequences at once: each block is read from
 * memory once and meets all tokens while it is in the cache. A token's sums run in the order of matvec.ts, so its bits are those
 * that it has alone.
 *
 * Of token t, `x` + t × `xStride` is what `matvec` takes, and the results go to f32[rows] at `out` + t × `outStride`.
 */
import { FloatRows } from './formats/floats'
import { storeEight } from './formats/row_dots'

/** Tokens that meet a group of rows before the next group is read. */
const TOKENS: i32 = 16
/** Columns of a group of rows that meet all tokens before the next columns are read: every format's block divides it. */
const COLUMNS: i32 = 256

/** In the scratch: a token's sums of eight rows, and behind all tokens' what `addTwo` needs for itself. */
const SUMS: usize = 32
const WORK: usize = <usize>TOKENS * SUMS

/**
 * For formats with `addBlock` and `addTwo(w1, w2, w3, x, far, scale, sums, total, to, work)`: what two tokens, `far`
 * bytes apart, add to their sums of four rows, f32x4 each at `to`; `work` is room for 6 vectors.
 *
 * Eight rows at a time, one from each eighth of them, some columns of all of these in turn, so that memory is read in eight
 * streams.
 */
@inline
export function matvecTokensOf<T>(
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
  for (; tokens > 0; tokens -= TOKENS, x += <usize>TOKENS * xStride, out += <usize>TOKENS * outStride) {
    const count = min(tokens, TOKENS)
    const format = changetype<T>(weights)
    const stride = <usize>((columns / format.elements) * format.bytes)
    const eighth = (rows + 7) >> 3
    for (let r = 0; r < eighth; r++) {
      eightRows<T>(
        weights + <usize>r * stride,
        <usize>eighth * stride,
        weights + <usize>(rows - 1) * stride,
        x,
        xStride,
        out + ((<usize>r) << 2),
        outStride,
        eighth,
        (rows - 1 - r) / eighth + 1,
        columns,
        count,
        scratch,
      )
    }
  }
}

function eightRows<T>(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  xStride: usize,
  out: usize,
  outStride: usize,
  eighth: i32,
  count: i32,
  columns: i32,
  tokens: i32,
  scratch: usize,
): void {
  const format = changetype<T>(w)
  const width = format.width
  const work = scratch + WORK
  const upper = scratch + ((<usize>tokens) << 4)
  memory.fill(scratch, 0, (<usize>tokens) << 5)
  const end = x + <usize>tokens * xStride
  let w0 = w
  let w1 = min(w + far, last)
  let w2 = min(w + 2 * far, last)
  let w3 = min(w + 3 * far, last)
  let w4 = min(w + 4 * far, last)
  let w5 = min(w + 5 * far, last)
  let w6 = min(w + 6 * far, last)
  let w7 = min(w + 7 * far, last)
  const bytes = <usize>((COLUMNS / format.elements) * format.bytes)
  const valueBytes = <usize>columns * width
  for (let column = 0; column < columns; column += COLUMNS) {
    const c = min(COLUMNS, columns - column)
    let at = x + <usize>column * width
    let scale = x + valueBytes + ((<usize>column) >> 3)
    let to = scratch
    let token = 0
    for (; token + 2 <= tokens; token += 2, at += 2 * xStride, scale += 2 * xStride, to += 32) {
      const sums = scale - ((<usize>column) >> 3) + ((<usize>columns) >> 3) + ((<usize>column) >> 2)
      const total = scale + ((<usize>columns * 3) >> 3)
      fourRows<T>(w0, w1, w2, w3, at, xStride, scale, sums, total, c, to, work)
      fourRows<T>(w4, w5, w6, w7, at, xStride, scale, sums, total, c, to + ((<usize>tokens) << 4), work)
    }
    for (; token < tokens; token++, at += xStride, scale += xStride, to += 16) {
      const sums = scale - ((<usize>column) >> 3) + ((<usize>columns) >> 3) + ((<usize>column) >> 2)
      const total = scale + ((<usize>columns * 3) >> 3)
      fourRowsOfOne<T>(w0, w1, w2, w3, at, scale, sums, total, c, to)
      fourRowsOfOne<T>(w4, w5, w6, w7, at, scale, sums, total, c, to + ((<usize>tokens) << 4))
    }
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    w4 += bytes
    w5 += bytes
    w6 += bytes
    w7 += bytes
  }
  for (let sum = scratch; sum < upper; sum += 16, out += outStride) {
    const high = v128.load(sum + ((<usize>tokens) << 4))
    storeEight(v128.load(sum), high, out, (<usize>eighth) << 2, count)
  }
}

function fourRows<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  far: usize,
  scale: usize,
  sums: usize,
  total: usize,
  columns: i32,
  to: usize,
  work: usize,
): void {
  const format = changetype<T>(w0)
  const bytes = <usize>format.bytes
  const elements = <usize>format.elements
  for (const end = x + <usize>columns * format.width; x < end; x += elements * format.width) {
    changetype<T>(w0).addTwo(w1, w2, w3, x, far, scale, sums, total, to, work)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    scale += elements >> 3
    sums += elements >> 2
    total += elements >> 3
  }
}

function fourRowsOfOne<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  sums: usize,
  total: usize,
  columns: i32,
  to: usize,
): void {
  const format = changetype<T>(w0)
  const bytes = <usize>format.bytes
  const elements = <usize>format.elements
  let sum = v128.load(to)
  for (const end = x + <usize>columns * format.width; x < end; x += elements * format.width) {
    sum = changetype<T>(w0).addBlock(w1, w2, w3, x, scale, sums, total, sum)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    scale += elements >> 3
    sums += elements >> 2
    total += elements >> 3
  }
  v128.store(to, sum)
}

/** For formats with `dot`: each row meets all tokens. */
@inline
export function matvecTokensByRows<T>(
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

/** For plain numbers: eight rows at a time meet all tokens. */
@inline
export function matvecTokensOfFloats<T>(
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
  const eighth = (rows + 7) >> 3
  const far = <usize>eighth * stride
  const last = weights + <usize>(rows - 1) * stride
  for (let r = 0; r < eighth; r++) {
    const count = (rows - 1 - r) / eighth + 1
    const eight = changetype<FloatRows<T>>(weights + <usize>r * stride)
    for (let t = 0; t < tokens; t++) {
      const to = out + <usize>t * outStride + ((<usize>r) << 2)
      eight.dotEight(far, last, x + <usize>t * xStride, columns, to, (<usize>eighth) << 2, count)
    }
  }
}
