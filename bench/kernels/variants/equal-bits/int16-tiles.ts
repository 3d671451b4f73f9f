/**
 * The tile of 16-bit integers with other orders of its f32 sums: `Int16Tile32` makes one integer of 32 columns; and
 * `Int16Tile16InEight` keeps eight sums per row and token, of sub-blocks modulo 8, which are added up at every `CHUNK`
 * columns. Weights are taken as the shipped tiles `Tile` do.
 */
import { madd } from '../../../../assembly/math/lanes'
import { BLOCK } from '../../../../assembly/matmul/int16'
import { ACTIVATIONS, PANEL, SUMS, TOKENS } from '../../../../assembly/matmul/scratch'
import { roundUpToStep, packTokens } from '../../../../assembly/matmul/tokens'
import { EXTRA } from './float-tile'

/** Integers of a first half, then the further sums. */
const HALVES: usize = EXTRA
const PARTS: usize = EXTRA + ((<usize>TOKENS) << 4)
/** Bytes of the sums of one remainder. */
const PART: usize = (<usize>TOKENS) << 4

@inline
function dots(x: usize, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128, w6: v128, w7: v128): v128 {
  let sum = i32x4.dot_i16x8_s(w0, v128.load32_splat(x))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w1, v128.load32_splat(x, 4)))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w2, v128.load32_splat(x, 8)))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w3, v128.load32_splat(x, 12)))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w4, v128.load32_splat(x, 16)))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w5, v128.load32_splat(x, 20)))
  sum = i32x4.add(sum, i32x4.dot_i16x8_s(w6, v128.load32_splat(x, 24)))
  return i32x4.add(sum, i32x4.dot_i16x8_s(w7, v128.load32_splat(x, 28)))
}

/**
 * `sums` take in a sub-block's products; see tokens.ts. With `factors` the scales are multiplied with each other first,
 * else the activations' with the products: what decode of Q8_0 and Q4_0 does.
 */
@inline
function accumulate(
  sums: usize,
  products: v128,
  scale: v128,
  minimum: v128,
  tail: usize,
  minimums: bool,
  factors: bool,
): void {
  let sum = v128.load(sums)
  if (minimums) sum = madd(minimum, v128.load32_splat(tail, 4), sum)
  const integers = f32x4.convert_i32x4_s(products)
  const x = v128.load32_splat(tail)
  sum = factors ? madd(integers, f32x4.mul(scale, x), sum) : madd(f32x4.mul(integers, x), scale, sum)
  v128.store(sums, sum)
}

/** First halves of all tokens, 32 bytes each, then second halves with their scale and the sum of all 32. */
function layHalves(to: usize, x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
  const filled = roundUpToStep(tokens)
  const scales = (<usize>columns) << 1
  const sums = scales + ((<usize>columns) >> 3)
  for (const end = column + n; column < end; column += 32) {
    let row = x
    let second = to + ((<usize>filled) << 5)
    for (let token = 0; token < filled; token++, to += 32, second += 40) {
      const values = row + ((<usize>column) << 1)
      v128.store(to, v128.load(values))
      v128.store(to, v128.load(values, 16), 16)
      v128.store(second, v128.load(values, 32))
      v128.store(second, v128.load(values, 48), 16)
      store<f32>(second, load<f32>(row + scales + ((<usize>(column >> 5)) << 2)), 32)
      const halves = row + sums + ((<usize>(column >> 4)) << 2)
      store<f32>(second, load<f32>(halves) + load<f32>(halves + 4), 36)
      if (token + 1 < tokens) row += xStride
    }
    to = second
  }
}

@inline
function pass32(panel: usize, n: i32, x: usize, first: usize, halves: usize, tokens: i32, minimums: bool, factors: bool): void {
  const bytes = (<usize>tokens) << 4
  const end = panel + <usize>(n >> 4) * BLOCK
  for (; panel < end; panel += 2 * BLOCK) {
    let w0 = v128.load(panel)
    let w1 = v128.load(panel, 16)
    let w2 = v128.load(panel, 32)
    let w3 = v128.load(panel, 48)
    let w4 = v128.load(panel, 64)
    let w5 = v128.load(panel, 80)
    let w6 = v128.load(panel, 96)
    let w7 = v128.load(panel, 112)
    for (let at = halves; at < halves + bytes; at += 16, x += 32) {
      v128.store(at, dots(x, w0, w1, w2, w3, w4, w5, w6, w7))
    }
    const next = panel + BLOCK
    w0 = v128.load(next)
    w1 = v128.load(next, 16)
    w2 = v128.load(next, 32)
    w3 = v128.load(next, 48)
    w4 = v128.load(next, 64)
    w5 = v128.load(next, 80)
    w6 = v128.load(next, 96)
    w7 = v128.load(next, 112)
    const scale = v128.load(next, 128)
    const minimum = v128.load(next, 144)
    let sum = first
    for (let at = halves; at < halves + bytes; at += 16, x += 40, sum += 16) {
      const both = i32x4.add(v128.load(at), dots(x, w0, w1, w2, w3, w4, w5, w6, w7))
      accumulate(sum, both, scale, minimum, x + 32, minimums, factors)
    }
  }
}

@inline
function pass16(panel: usize, n: i32, x: usize, first: usize, tokens: i32, count: i32): void {
  const bytes = (<usize>tokens) << 4
  const mask = <usize>(count - 1)
  const end = panel + <usize>(n >> 4) * BLOCK
  for (let index: usize = 0; panel < end; panel += BLOCK, index++) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const scale = v128.load(panel, 128)
    const from = first + (index & mask) * PART
    for (let sum = from; sum < from + bytes; sum += 16, x += 40) {
      accumulate(sum, dots(x, w0, w1, w2, w3, w4, w5, w6, w7), scale, scale, x + 32, false, true)
    }
  }
}

// Functions of their own, as the shipped tiles have them.
function sequential(scratch: usize, n: i32, tokens: i32): void {
  pass32(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, scratch + HALVES, tokens, false, false)
}
function withMinimums(scratch: usize, n: i32, tokens: i32): void {
  pass32(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, scratch + HALVES, tokens, true, true)
}
function inEight(scratch: usize, n: i32, tokens: i32): void {
  pass16(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + PARTS, tokens, 8)
}

/** Blocks of 32 columns without minimums, one sum. */
@unmanaged
export class Int16Tile32<T, Tile> {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    layHalves(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n)
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    changetype<Tile>(this).packWeights(matrix, rowBytes, row, rows, from, n)
  }
  multiply(tokens: i32, n: i32): void {
    sequential(changetype<usize>(this), n, tokens)
  }
}

/** The same with minimums; the scales' product is one factor. */
@unmanaged
export class Int16Tile32WithMinimums<T, Tile> {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    layHalves(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n)
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    changetype<Tile>(this).packWeights(matrix, rowBytes, row, rows, from, n)
  }
  multiply(tokens: i32, n: i32): void {
    withMinimums(changetype<usize>(this), n, tokens)
  }
}

/** Sub-blocks of 16 columns without minimums, eight sums. */
@unmanaged
export class Int16Tile16InEight<T, Tile> {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    packTokens<T>(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n, 16, 2)
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    changetype<Tile>(this).packWeights(matrix, rowBytes, row, rows, from, n)
  }
  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    memory.fill(scratch + PARTS, 0, 8 * PART)
    inEight(scratch, n, tokens)
    const parts = scratch + PARTS
    for (let i: usize = 0; i < (<usize>tokens) << 4; i += 16) {
      const lane0 = f32x4.add(v128.load(parts + i), v128.load(parts + i, PART))
      const lane1 = f32x4.add(v128.load(parts + i, 2 * PART), v128.load(parts + i, 3 * PART))
      const lane2 = f32x4.add(v128.load(parts + i, 4 * PART), v128.load(parts + i, 5 * PART))
      const lane3 = f32x4.add(v128.load(parts + i, 6 * PART), v128.load(parts + i, 7 * PART))
      const sum = scratch + SUMS + i
      v128.store(sum, f32x4.add(v128.load(sum), f32x4.add(f32x4.add(lane0, lane2), f32x4.add(lane1, lane3))))
    }
  }
}
