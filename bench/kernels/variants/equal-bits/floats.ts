/**
 * Two decode products of plain numbers whose bits are those of a tile.
 *
 * `TransposedRows` follows the shipped tiles: one sum per row, column after column. Words of four rows are transposed, so
 * that rows lie in lanes. `ChunkedRows` is the shipped product (four sums per row, columns modulo 4), except that they
 * are added up at every `CHUNK` columns, as `LaneFloatTile` does.
 *
 * Columns are a multiple of 8; of `TransposedRows`, rows of 16.
 */
import { CHUNK } from '../../../../assembly/matmul/scratch'
import { constant, HALF_BITS, TWO_38, TWO_64 } from '../../../../assembly/math/constants'
import { madd, sums4 } from '../../../../assembly/math/lanes'
import { storeEight } from '../../../../assembly/formats/row_dots'

/** Four vectors of four words, transposed; written out, since a function returns one vector only. */
@inline
function low2(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 0, 4, 1, 5)
}
@inline
function high2(a: v128, b: v128): v128 {
  return v128.shuffle<i32>(a, b, 2, 6, 3, 7)
}
@inline
function first2(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 0, 2)
}
@inline
function last2(a: v128, b: v128): v128 {
  return v128.shuffle<i64>(a, b, 1, 3)
}

/** Four columns of four rows of f32, added to the rows' sums in the columns' order. */
@inline
function addFour32(w: usize, far: usize, x0: v128, x1: v128, x2: v128, x3: v128, sum: v128): v128 {
  const a = v128.load(w)
  const b = v128.load(w + far)
  const c = v128.load(w + 2 * far)
  const d = v128.load(w + 3 * far)
  const ab = low2(a, b)
  const cd = low2(c, d)
  sum = madd(first2(ab, cd), x0, sum)
  sum = madd(last2(ab, cd), x1, sum)
  const ef = high2(a, b)
  const gh = high2(c, d)
  sum = madd(first2(ef, gh), x2, sum)
  return madd(last2(ef, gh), x3, sum)
}

/** f32[rows][columns] × f32[columns], sixteen rows at a time, two from each eighth of the rows. */
export function transposedF32(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  const stride = (<usize>columns) << 2
  const part = rows >> 4
  const far = <usize>part * stride
  const end = x + stride
  for (let r = 0; r < part; r++) {
    let w = weights + <usize>r * stride
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    for (let at = x; at < end; at += 16, w += 16) {
      const x0 = v128.load32_splat(at)
      const x1 = v128.load32_splat(at, 4)
      const x2 = v128.load32_splat(at, 8)
      const x3 = v128.load32_splat(at, 12)
      sum0 = addFour32(w, far, x0, x1, x2, x3, sum0)
      sum1 = addFour32(w + 4 * far, far, x0, x1, x2, x3, sum1)
      sum2 = addFour32(w + 8 * far, far, x0, x1, x2, x3, sum2)
      sum3 = addFour32(w + 12 * far, far, x0, x1, x2, x3, sum3)
    }
    const to = out + ((<usize>r) << 2)
    const outFar = (<usize>part) << 2
    storeEight(sum0, sum1, to, outFar, 8)
    storeEight(sum2, sum3, to + 8 * outFar, outFar, 8)
  }
}

/** The rebiased halves in the lower 16 bits of each lane, and in the upper ones, as f32 that count 2^-102 of them. */
@inline
function lowerHalf(words: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(words, 16), 3), mask)
}
@inline
function upperHalf(words: v128, mask: v128): v128 {
  return v128.and(i32x4.shr_s(words, 3), mask)
}

/** Eight columns of four rows of halves. */
@inline
function addEight16(w: usize, far: usize, x: usize, mask: v128, sum: v128): v128 {
  const a = v128.load(w)
  const b = v128.load(w + far)
  const c = v128.load(w + 2 * far)
  const d = v128.load(w + 3 * far)
  const ab = low2(a, b)
  const cd = low2(c, d)
  let words = first2(ab, cd)
  sum = madd(lowerHalf(words, mask), v128.load32_splat(x), sum)
  sum = madd(upperHalf(words, mask), v128.load32_splat(x, 4), sum)
  words = last2(ab, cd)
  sum = madd(lowerHalf(words, mask), v128.load32_splat(x, 8), sum)
  sum = madd(upperHalf(words, mask), v128.load32_splat(x, 12), sum)
  const ef = high2(a, b)
  const gh = high2(c, d)
  words = first2(ef, gh)
  sum = madd(lowerHalf(words, mask), v128.load32_splat(x, 16), sum)
  sum = madd(upperHalf(words, mask), v128.load32_splat(x, 20), sum)
  words = last2(ef, gh)
  sum = madd(lowerHalf(words, mask), v128.load32_splat(x, 24), sum)
  return madd(upperHalf(words, mask), v128.load32_splat(x, 28), sum)
}

/** Activations that are multiplied by 2^64 once, before all rows: rows of up to 16384. */
const SCALED = memory.data(65536, 64)

/** The same for rebiased halves. */
export function transposedF16(weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  for (let i: usize = 0; i < (<usize>columns) << 2; i += 16) {
    v128.store(SCALED + i, f32x4.mul(v128.load(x + i), constant(TWO_64)))
  }
  const mask = constant(HALF_BITS)
  const stride = (<usize>columns) << 1
  const part = rows >> 4
  const far = <usize>part * stride
  const end = SCALED + ((<usize>columns) << 2)
  for (let r = 0; r < part; r++) {
    let w = weights + <usize>r * stride
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    for (let at = SCALED; at < end; at += 32, w += 16) {
      sum0 = addEight16(w, far, at, mask, sum0)
      sum1 = addEight16(w + 4 * far, far, at, mask, sum1)
      sum2 = addEight16(w + 8 * far, far, at, mask, sum2)
      sum3 = addEight16(w + 12 * far, far, at, mask, sum3)
    }
    const to = out + ((<usize>r) << 2)
    const outFar = (<usize>part) << 2
    const one = constant(TWO_38)
    storeEight(f32x4.mul(sum0, one), f32x4.mul(sum1, one), to, outFar, 8)
    storeEight(f32x4.mul(sum2, one), f32x4.mul(sum3, one), to + 8 * outFar, outFar, 8)
  }
}

/** `FloatRows` of the kernels, with sums over `CHUNK` columns. */
@unmanaged
export class ChunkedRows<T> {
  dotEight(far: usize, last: usize, x: usize, n: i32, out: usize, outFar: usize, count: i32): void {
    const w = changetype<usize>(this)
    const bytes = <usize>changetype<T>(w).bytes
    let w0 = w
    let w1 = min(w + far, last)
    let w2 = min(w + 2 * far, last)
    let w3 = min(w + 3 * far, last)
    let w4 = min(w + 4 * far, last)
    let w5 = min(w + 5 * far, last)
    let w6 = min(w + 6 * far, last)
    let w7 = min(w + 7 * far, last)
    let low = f32x4.splat(0)
    let high = f32x4.splat(0)
    for (const rowEnd = x + ((<usize>n) << 2); x < rowEnd; ) {
      let sum0 = f32x4.splat(0)
      let sum1 = f32x4.splat(0)
      let sum2 = f32x4.splat(0)
      let sum3 = f32x4.splat(0)
      let sum4 = f32x4.splat(0)
      let sum5 = f32x4.splat(0)
      let sum6 = f32x4.splat(0)
      let sum7 = f32x4.splat(0)
      for (const end = min(rowEnd, x + ((<usize>CHUNK) << 2)); x < end; x += 32) {
        const x0 = changetype<T>(w).scale(v128.load(x))
        const x1 = changetype<T>(w).scale(v128.load(x, 16))
        sum0 = changetype<T>(w0).addEight(x0, x1, sum0)
        w0 += 8 * bytes
        sum1 = changetype<T>(w1).addEight(x0, x1, sum1)
        w1 += 8 * bytes
        sum2 = changetype<T>(w2).addEight(x0, x1, sum2)
        w2 += 8 * bytes
        sum3 = changetype<T>(w3).addEight(x0, x1, sum3)
        w3 += 8 * bytes
        sum4 = changetype<T>(w4).addEight(x0, x1, sum4)
        w4 += 8 * bytes
        sum5 = changetype<T>(w5).addEight(x0, x1, sum5)
        w5 += 8 * bytes
        sum6 = changetype<T>(w6).addEight(x0, x1, sum6)
        w6 += 8 * bytes
        sum7 = changetype<T>(w7).addEight(x0, x1, sum7)
        w7 += 8 * bytes
      }
      low = f32x4.add(low, changetype<T>(w).unscale(sums4(sum0, sum1, sum2, sum3)))
      high = f32x4.add(high, changetype<T>(w).unscale(sums4(sum4, sum5, sum6, sum7)))
    }
    storeEight(low, high, out, outFar, count)
  }
}
