/**
 * What the tiles of 8-bit integers share, for the relaxed build, and `Int8Tile32`, which applies the activations' scale first,
 * then the weights', as decode of Q4_0 does. Products are made in pairs, as int8.ts does it where bytes are not
 * multiplied exactly.
 */
import { constant, ONES_I16 } from '../../../../assembly/math/constants'
import { madd } from '../../../../assembly/math/lanes'
import { W32 } from '../../../../assembly/matmul/int8'
import { ACTIVATIONS, CHUNK, PANEL, SUMS } from '../../../../assembly/matmul/scratch'
import { packTokens } from '../../../../assembly/matmul/tokens'
import { transpose } from '../../../../assembly/matmul/transpose'

/** Bytes of a token's 32 columns. */
export const X32: usize = 40

@inline
function dot(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/** Quants of at most 5 bits. `ones` may be an integer scale instead: multiplied on the way, at no cost. */
@inline
export function dots32(
  x: usize,
  w0: v128,
  w1: v128,
  w2: v128,
  w3: v128,
  w4: v128,
  w5: v128,
  w6: v128,
  w7: v128,
  ones: v128,
): v128 {
  const pairs0 = i16x8.add(dot(v128.load32_splat(x), w0), dot(v128.load32_splat(x, 4), w1))
  const pairs1 = i16x8.add(dot(v128.load32_splat(x, 8), w2), dot(v128.load32_splat(x, 12), w3))
  const pairs2 = i16x8.add(dot(v128.load32_splat(x, 16), w4), dot(v128.load32_splat(x, 20), w5))
  const pairs3 = i16x8.add(dot(v128.load32_splat(x, 24), w6), dot(v128.load32_splat(x, 28), w7))
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.add(pairs0, pairs1), ones),
    i32x4.dot_i16x8_s(i16x8.add(pairs2, pairs3), ones),
  )
}

/** Quants of at most 6 bits. */
@inline
export function dots16(x: usize, w0: v128, w1: v128, w2: v128, w3: v128, ones: v128): v128 {
  const pairs0 = i16x8.add(dot(v128.load32_splat(x), w0), dot(v128.load32_splat(x, 4), w1))
  const pairs1 = i16x8.add(dot(v128.load32_splat(x, 8), w2), dot(v128.load32_splat(x, 12), w3))
  return i32x4.add(i32x4.dot_i16x8_s(pairs0, ones), i32x4.dot_i16x8_s(pairs1, ones))
}

/** Sixteen columns of four unpacked rows. */
@inline
export function layColumns(at: usize, to: usize): void {
  const row = <usize>CHUNK
  transpose(v128.load(at), v128.load(at + row), v128.load(at + 2 * row), v128.load(at + 3 * row), to, 16)
}

@inline
export function cvt(v: v128): v128 {
  return f32x4.convert_i32x4_s(v)
}

@inline
function accumulate32(sum: usize, products: v128, scale: v128, x: usize): void {
  const dots = i32x4.add(products, v128.load32_splat(x, 36))
  const scaled = f32x4.mul(f32x4.convert_i32x4_s(dots), v128.load32_splat(x, 32))
  v128.store(sum, madd(scaled, scale, v128.load(sum)))
}

function multiply32(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  const ones = constant(ONES_I16)
  const last = sums + ((<usize>tokens) << 4)
  for (const end = panel + <usize>(n >> 5) * W32; panel < end; panel += W32) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const scale = v128.load(panel, 128)
    for (let sum = sums; sum < last; sum += 64, x += 4 * X32) {
      accumulate32(sum, dots32(x, w0, w1, w2, w3, w4, w5, w6, w7, ones), scale, x)
      let at = x + X32
      accumulate32(sum + 16, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, ones), scale, at)
      at = x + 2 * X32
      accumulate32(sum + 32, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, ones), scale, at)
      at = x + 3 * X32
      accumulate32(sum + 48, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, ones), scale, at)
    }
  }
}

@unmanaged
export class Int8Tile32<T, Tile> {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    packTokens<T>(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n, 32, 1)
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    changetype<Tile>(this).packWeights(matrix, rowBytes, row, rows, from, n)
  }
  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    multiply32(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, tokens)
  }
}
