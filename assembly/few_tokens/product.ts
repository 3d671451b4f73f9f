/**
 * Matrix × several vectors, for decode of several sequences at once. Each weight is read from memory and unpacked once: a few
 * rows at a time become a panel, in which what they have for the same columns lies side by side, and meet all tokens
 * there. A token's sums run in the order of matvec.ts, so its bits are those that it has alone.
 *
 * Of token t, `x` + t × `xStride` is what `matvec` takes, and the results go to f32[rows] at `out` + t × `outStride`.
 */
import { FloatRows } from '../formats/floats'
import { storeEight } from '../formats/row_dots'

/** Tokens that meet a group of rows before the next group is read. */
const TOKENS: i32 = 64
/** Columns of a panel, which stays in the first cache: every format's block divides it. */
const COLUMNS: i32 = 1024

/** In the scratch: sums f32x4[tokens] of four rows, those of four more, and the panel. */
const SUMS: usize = (<usize>TOKENS) << 4
const PANEL: usize = 2 * SUMS

/**
 * `K` is how blocks of the format `T` are multiplied. `changetype<K>(w0).lay(w1, w2, w3, to)` makes a block of four rows
 * `panelBytes` of a panel. `changetype<K>(panel).multiply(end, x, far, scale, sums, total, to)` adds the products of a
 * panel with two tokens' activations, `far` bytes apart, to their sums, f32x4 each at `to`; the pointers are those of
 * `addBlock` in formats/row_dots.ts.
 *
 * Rows are taken from eight places, so that memory is read in eight streams of which each goes straight on.
 */
@inline
export function matvecTokensOf<T, K>(
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
  const format = changetype<T>(weights)
  const stride = <usize>((columns / format.elements) * format.bytes)
  const eighth = (rows + 7) >> 3
  const last = weights + <usize>(rows - 1) * stride
  for (; tokens > 0; tokens -= TOKENS, x += <usize>TOKENS * xStride, out += <usize>TOKENS * outStride) {
    const count = min(tokens, TOKENS)
    for (let r = 0; r < eighth; r++) {
      const w = weights + <usize>r * stride
      multiplyEight<T, K>(w, <usize>eighth * stride, last, x, xStride, columns, count, scratch)
      let to = out + ((<usize>r) << 2)
      const end = scratch + ((<usize>count) << 4)
      for (let sums = scratch; sums < end; sums += 16, to += outStride) {
        storeEight(v128.load(sums), v128.load(sums, SUMS), to, (<usize>eighth) << 2, (rows - 1 - r) / eighth + 1)
      }
    }
  }
}

/** Rows that begin `far` bytes apart, none behind `last`: past it, it is computed again. */
function multiplyEight<T, K>(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  xStride: usize,
  columns: i32,
  tokens: i32,
  scratch: usize,
): void {
  const blocks = COLUMNS / changetype<T>(w).elements
  const bytes = <usize>(blocks * changetype<T>(w).bytes)
  memory.fill(scratch, 0, PANEL)
  let done: usize = 0
  for (let column = 0; column < columns; column += COLUMNS, done += bytes) {
    const n = min(COLUMNS, columns - column)
    for (let four: usize = 0; four < 8; four += 4) {
      multiplyFour<T, K>(
        min(w + four * far, last) + done,
        min(w + (four + 1) * far, last) + done,
        min(w + (four + 2) * far, last) + done,
        min(w + (four + 3) * far, last) + done,
        x,
        xStride,
        columns,
        column,
        n,
        tokens,
        four == 0 ? scratch : scratch + SUMS,
        scratch + PANEL,
      )
    }
  }
}

/** `n` columns from `column` on, of which the rows' blocks are given. */
function multiplyFour<T, K>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  xStride: usize,
  columns: i32,
  column: i32,
  n: i32,
  tokens: i32,
  sums: usize,
  panel: usize,
): void {
  const bytes = <usize>changetype<T>(w0).bytes
  let end = panel
  for (let blocks = n / changetype<T>(w0).elements; blocks > 0; blocks--, end += changetype<K>(end).panelBytes) {
    changetype<K>(w0).lay(w1, w2, w3, end)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
  }
  const width = changetype<K>(panel).width
  const scales = x + <usize>columns * width
  let at = x + <usize>column * width
  let scale = scales + ((<usize>column) >> 3)
  let sum = scales + ((<usize>columns) >> 3) + ((<usize>column) >> 2)
  let total = scale + ((<usize>columns * 3) >> 3)
  for (let token = 0; token < tokens; token += 2, sums += 32) {
    // An odd one is its own partner.
    const far = token + 1 < tokens ? xStride : 0
    changetype<K>(panel).multiply(end, at, far, scale, sum, total, sums)
    at += 2 * xStride
    scale += 2 * xStride
    sum += 2 * xStride
    total += 2 * xStride
  }
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
