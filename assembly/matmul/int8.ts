import { dotAdd } from '../math/byte_dots'
import { madd } from '../math/lanes'
import { ACTIVATIONS, CHUNK, PANEL, STAGE, SUMS } from './scratch'
import { minimumsOf, scalesOf, unpackRows } from './stage'
import { transpose } from './transpose'

/** A block of a token, 32 columns: eight vectors that repeat four values each, then four numbers in every lane: */
const X_BLOCK: usize = 192
/** its scale, */
const X_SCALE: usize = 128
/** the sums of its halves, of which the second follows the first, */
const X_HALF: usize = 144
/** and their sum. */
const X_SUM: usize = 176

const ONES = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16)

/**
 * 4 rows × 1 token of 8-bit integers. The activations are of kind INT8. The pointer is the scratch.
 *
 * `T` is a quantised format whose quants are not negative and below 64: then `relaxed_dot` is exact and the same on
 * every processor. With `zero` of 128 they have 8 bits; see byte_dots.ts. The panel's blocks hold a sub-block of four rows each: vectors of four columns, scales, and what
 * each row adds to a product for every unit of the activations' sum: the minimum, or `zero` times the scale.
 */
@unmanaged
export class Int8Tile<T> {
  @inline get rows(): i32 {
    return 4
  }

  takeActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    pack(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n)
  }

  takeWeights(weights: usize, rowBytes: usize, rows: i32, n: i32): void {
    const format = changetype<T>(weights)
    const stage = changetype<usize>(this) + STAGE
    unpackRows<T>(stage, weights, rowBytes, rows, n)
    const zero = f32x4.splat(<f32>-format.zero)
    let to = changetype<usize>(this) + PANEL
    for (let column = 0; column < n; ) {
      const index = column / format.step
      for (const end = column + format.step; column < end; column += 16, to += 64) {
        const at = stage + <usize>column
        const rowBytes = <usize>CHUNK
        transpose(
          v128.load(at),
          v128.load(at + rowBytes),
          v128.load(at + 2 * rowBytes),
          v128.load(at + 3 * rowBytes),
          to,
          16,
        )
      }
      const scales = scalesOf(stage, index)
      v128.store(to, scales)
      v128.store(to, format.minimums ? minimumsOf(stage, index) : f32x4.mul(zero, scales), 16)
      to += 32
    }
  }

  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    if (changetype<T>(0).zero == 128) {
      multiplyBytes(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, tokens)
    } else if (changetype<T>(0).step == 32) {
      multiply32(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, tokens)
    } else {
      multiply16(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, tokens)
    }
  }
}

/** Lays out the activations block after block, all tokens of a block together. */
function pack(to: usize, x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
  const scales = <usize>columns
  const sums = scales + ((<usize>columns) >> 3)
  for (const end = column + n; column < end; column += 32) {
    let row = x
    for (let token = 0; token < tokens; token++, row += xStride, to += X_BLOCK) {
      const values = row + <usize>column
      for (let i: usize = 0; i < 32; i += 4) v128.store(to + (i << 2), v128.load32_splat(values + i))
      const halves = row + sums + ((<usize>(column >> 4)) << 2)
      const first = v128.load32_splat(halves)
      const second = v128.load32_splat(halves + 4)
      v128.store(to, v128.load32_splat(row + scales + ((<usize>(column >> 5)) << 2)), X_SCALE)
      v128.store(to, first, X_HALF)
      v128.store(to, second, X_HALF + 16)
      v128.store(to, f32x4.add(first, second), X_SUM)
    }
  }
}

/** Products of four activations and four rows' weights, summed in pairs: at most 63 × 127 × 2 < 2^14 each. */
@inline
function dot(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/**
 * Sub-blocks of 32 quants of at most 5 bits, so that four products' pairs fit into 16 bits: 31 × 127 × 2 × 4 < 2^15.
 * Eight weight vectors stay in registers while all tokens pass by.
 */
function multiply32(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  const ones = v128.load(ONES)
  const last = sums + ((<usize>tokens) << 4)
  for (const end = panel + <usize>(n >> 5) * 160; panel < end; panel += 160) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const scale = v128.load(panel, 128)
    const offset = v128.load(panel, 144)
    for (let sum = sums; sum < last; sum += 16, x += X_BLOCK) {
      const pairs0 = i16x8.add(dot(v128.load(x), w0), dot(v128.load(x, 16), w1))
      const pairs1 = i16x8.add(dot(v128.load(x, 32), w2), dot(v128.load(x, 48), w3))
      const pairs2 = i16x8.add(dot(v128.load(x, 64), w4), dot(v128.load(x, 80), w5))
      const pairs3 = i16x8.add(dot(v128.load(x, 96), w6), dot(v128.load(x, 112), w7))
      const dots = i32x4.add(
        i32x4.dot_i16x8_s(i16x8.add(pairs0, pairs1), ones),
        i32x4.dot_i16x8_s(i16x8.add(pairs2, pairs3), ones),
      )
      const total = madd(offset, v128.load(x, X_SUM), v128.load(sum))
      const scales = f32x4.mul(scale, v128.load(x, X_SCALE))
      v128.store(sum, madd(f32x4.convert_i32x4_s(dots), scales, total))
    }
  }
}

/** Sub-blocks of 16 quants of at most 6 bits: two products' pairs fit into 16 bits, 63 × 127 × 2 × 2 < 2^15. */
function multiply16(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  const ones = v128.load(ONES)
  const last = sums + ((<usize>tokens) << 4)
  for (let column = 0; column < n; column += 16, panel += 96) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const scale = v128.load(panel, 64)
    const offset = v128.load(panel, 80)
    const half: usize = (<usize>column) & 16
    let block = x
    for (let sum = sums; sum < last; sum += 16, block += X_BLOCK) {
      const values = block + (half << 2)
      const pairs0 = i16x8.add(dot(v128.load(values), w0), dot(v128.load(values, 16), w1))
      const pairs1 = i16x8.add(dot(v128.load(values, 32), w2), dot(v128.load(values, 48), w3))
      const dots = i32x4.add(i32x4.dot_i16x8_s(pairs0, ones), i32x4.dot_i16x8_s(pairs1, ones))
      const total = madd(offset, v128.load(block + half, X_HALF), v128.load(sum))
      const scales = f32x4.mul(scale, v128.load(block, X_SCALE))
      v128.store(sum, madd(f32x4.convert_i32x4_s(dots), scales, total))
    }
    if (half) x = block
  }
}

/** Sub-blocks of 32 quants of 8 bits, where `BYTE_DOTS` says that it can be done. */
function multiplyBytes(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  const zero = i32x4.splat(0)
  const last = sums + ((<usize>tokens) << 4)
  for (const end = panel + <usize>(n >> 5) * 160; panel < end; panel += 160) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const scale = v128.load(panel, 128)
    const offset = v128.load(panel, 144)
    for (let sum = sums; sum < last; sum += 16, x += X_BLOCK) {
      let dots = dotAdd(v128.load(x), w0, zero)
      dots = dotAdd(v128.load(x, 16), w1, dots)
      dots = dotAdd(v128.load(x, 32), w2, dots)
      dots = dotAdd(v128.load(x, 48), w3, dots)
      dots = dotAdd(v128.load(x, 64), w4, dots)
      dots = dotAdd(v128.load(x, 80), w5, dots)
      dots = dotAdd(v128.load(x, 96), w6, dots)
      dots = dotAdd(v128.load(x, 112), w7, dots)
      const total = madd(offset, v128.load(x, X_SUM), v128.load(sum))
      const scales = f32x4.mul(scale, v128.load(x, X_SCALE))
      v128.store(sum, madd(f32x4.convert_i32x4_s(dots), scales, total))
    }
  }
}
