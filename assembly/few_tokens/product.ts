/**
 * Matrix × several vectors, for decode of several sequences at once. Each weight is read from memory and unpacked once: eight
 * rows at a time become a panel, which holds their values for the same columns side by side, and is multiplied with all
 * tokens. A token's sums run in the order of matvec.ts, so its bits are those of single-token decode.
 *
 * Of token t, `x` + t × `xStride` is what `matvec` takes, and the results go to f32[rows] at `out` + t × `outStride`.
 */
import { rowBytesOf, storeEight } from '../formats/row_dots'
import { EIGHT } from '../formats/x8'
import { transpose } from '../matmul/transpose'
import { Four, TERMS, Two } from './tile'

/** Tokens that eight rows are multiplied with before the next eight are read. */
const TOKENS: i32 = 16
/** Columns of a panel, which fits into the L1 cache: a multiple of every format's block. */
const COLUMNS: i32 = 512

/** In the scratch: for each token its sums, f32[8]; four tokens' sums within a block; the panel; what is laid of the tokens. */
const SUMS: usize = (<usize>TOKENS) << 5
const WORK: usize = SUMS
const PANEL: usize = WORK + 128
const LAID: usize = PANEL + 20 * <usize>COLUMNS

/**
 * `K` is how blocks of the format `T` are multiplied. `changetype<K>(w0).pack(w1, w2, w3, to)` packs a block of four rows
 * into `panelBytes` of a panel; `changetype<K>(panel).multiply<N>(end, …)` adds the products of a panel with N tokens'
 * activations to their sums, see `tile`.
 *
 * The eight rows of a panel are an eighth of the matrix apart, so that memory is read in eight sequential streams.
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
  const stride = rowBytesOf<T>(columns)
  const eighth = (rows + 7) >> 3
  const far = <usize>eighth * stride
  const last = weights + <usize>(rows - 1) * stride
  for (; tokens > 0; tokens -= TOKENS, x += <usize>TOKENS * xStride, out += <usize>TOKENS * outStride) {
    const some = min(tokens, TOKENS)
    layTokens<K>(scratch + LAID, x, xStride, columns, some)
    for (let r = 0; r < eighth; r++) {
      const w = weights + <usize>r * stride
      memory.fill(scratch, 0, SUMS)
      let done: usize = 0
      for (let column = 0; column < columns; column += COLUMNS) {
        const blocks = <usize>(min(COLUMNS, columns - column) / format.elements)
        const end = scratch + PANEL + blocks * changetype<K>(0).panelBytes
        packFour<T, K>(w + done, far, last + done, scratch + PANEL, end)
        packFour<T, K>(min(w + 4 * far, last) + done, far, last + done, scratch + PANEL + 16, end + 16)
        multiply<K>(scratch, end, 0, columns, column, some)
        done += blocks * <usize>format.bytes
      }
      storeSums(scratch, out + ((<usize>r) << 2), outStride, some, (<usize>eighth) << 2, (rows - 1 - r) / eighth + 1)
    }
  }
}

/**
 * The same for a repacked format `T`; `changetype<P>(w).pack(to)` packs a block of eight rows, or what `K` needs besides their quants,
 * which it then reads at the address of the panel's first block. `rows` is a multiple of eight.
 */
@inline
export function matvecTokensOfX8<T, K, P>(
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
  for (; tokens > 0; tokens -= TOKENS, x += <usize>TOKENS * xStride, out += <usize>TOKENS * outStride) {
    const some = min(tokens, TOKENS)
    layTokens<K>(scratch + LAID, x, xStride, columns, some)
    let w = weights
    for (let r = 0; r < rows; r += EIGHT) {
      memory.fill(scratch, 0, SUMS)
      for (let column = 0; column < columns; column += COLUMNS) {
        const blocks = <usize>(min(COLUMNS, columns - column) / format.elements)
        const end = scratch + PANEL + blocks * changetype<K>(0).panelBytes
        const first = w
        for (let to = scratch + PANEL; to < end; to += changetype<K>(0).panelBytes, w += <usize>(EIGHT * format.bytes)) {
          changetype<P>(w).pack(to)
        }
        multiply<K>(scratch, end, first, columns, column, some)
      }
      storeSums(scratch, out + ((<usize>r) << 2), outStride, some, 4, EIGHT)
    }
  }
}

/** Blocks of four rows that begin `far` bytes apart, none behind `last`: past it, that row is packed again. */
function packFour<T, K>(w0: usize, far: usize, last: usize, to: usize, end: usize): void {
  const bytes = <usize>changetype<T>(w0).bytes
  let w1 = min(w0 + far, last)
  let w2 = min(w0 + 2 * far, last)
  let w3 = min(w0 + 3 * far, last)
  for (; to < end; to += changetype<K>(0).panelBytes) {
    changetype<K>(w0).pack(w1, w2, w3, to)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
  }
}

/**
 * For every four tokens, the terms that tiles read per block, then a word of each token's activations in turn; where there are fewer
 * tokens, the last one is repeated.
 */
function layTokens<K>(to: usize, x: usize, xStride: usize, columns: i32, tokens: i32): void {
  const scales = <usize>columns * changetype<K>(0).width
  const sums = scales + ((<usize>columns) >> 3)
  const totals = sums + ((<usize>columns) >> 2)
  for (let token = 0; token < ((tokens + 3) & ~3); token++) {
    const row = x + <usize>min(token, tokens - 1) * xStride
    let at = to + <usize>(token >> 2) * fourBytes(columns, changetype<K>(0).width) + (<usize>(token & 3) << 2)
    for (let block: usize = 0; block < (<usize>columns) >> 5; block++, at += TERMS) {
      store<f32>(at, load<f32>(row + scales + (block << 2)))
      changetype<K>(0).packTerms(row + sums + (block << 3), row + totals + (block << 2), at + 16)
    }
  }
  for (let token = 0; token < tokens; token += 4, to += fourBytes(columns, changetype<K>(0).width)) {
    let row = x + <usize>token * xStride
    const b: usize = token + 1 < tokens ? xStride : 0
    const c: usize = token + 2 < tokens ? b + xStride : b
    const d: usize = token + 3 < tokens ? c + xStride : c
    let at = to + termBytes(columns)
    for (const end = row + scales; row < end; row += 16, at += 64) {
      transpose(v128.load(row), v128.load(row + b), v128.load(row + c), v128.load(row + d), at, 16)
    }
  }
}

/** Of the terms of four tokens. */
@inline
function termBytes(columns: i32): usize {
  return ((<usize>columns) >> 5) * TERMS
}

/** Of all that is laid of four tokens, whose activations have `width` bytes. */
@inline
function fourBytes(columns: i32, width: usize): usize {
  return termBytes(columns) + 4 * <usize>columns * width
}

/** Bytes of scratch. */
export function fewTokensScratch(columns: i32): usize {
  return LAID + <usize>(TOKENS >> 2) * fourBytes((columns + 31) & ~31, 2)
}

/** All tokens with the columns of the panel in `scratch`, which begin at `column`; `weights` are those of the panel, where `K` reads them. */
function multiply<K>(scratch: usize, end: usize, weights: usize, columns: i32, column: i32, tokens: i32): void {
  const panel = scratch + PANEL
  let terms = scratch + LAID + termBytes(column)
  let x = scratch + LAID + termBytes(columns) + 4 * <usize>column * changetype<K>(0).width
  for (let to = scratch; tokens > 0; tokens -= 4, to += 128) {
    if (tokens > 2) multiplyFour<K>(panel, end, weights, x, terms, to, scratch + WORK)
    else multiplyTwo<K>(panel, end, weights, x, terms, to, scratch + WORK)
    terms += fourBytes(columns, changetype<K>(0).width)
    x += fourBytes(columns, changetype<K>(0).width)
  }
}

function multiplyFour<K>(panel: usize, end: usize, weights: usize, x: usize, terms: usize, to: usize, work: usize): void {
  changetype<K>(panel).multiply<Four>(end, weights, x, terms, to, work)
}

function multiplyTwo<K>(panel: usize, end: usize, weights: usize, x: usize, terms: usize, to: usize, work: usize): void {
  changetype<K>(panel).multiply<Two>(end, weights, x, terms, to, work)
}

/** The first `count` of each token's sums. */
function storeSums(sums: usize, out: usize, outStride: usize, tokens: i32, far: usize, count: i32): void {
  for (; tokens > 0; tokens--, sums += 32, out += outStride) {
    storeEight(v128.load(sums), v128.load(sums, 16), out, far, count)
  }
}

