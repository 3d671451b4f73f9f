import { ACTIVATIONS, CHUNK, PANEL, STAGE, SUMS } from './scratch'
import { minimumsOf, scalesOf, unpackRows } from './stage'
import { accumulate, layTokens, TOKEN_TAIL } from './tokens'
import { transpose } from './transpose'

/** A block of the panel, 16 columns of four rows: eight vectors of two columns each, scales, minimums. */
const BLOCK: usize = 160
/** Bytes of a token's block, and where its scale stands. */
const X_BLOCK: usize = 32 + TOKEN_TAIL
const X_SCALE: usize = 32

/**
 * 4 rows × 1 token of 16-bit integers, 16 columns a step. The activations are of kind INT16. The pointer is the scratch.
 *
 * `T` is a quantised format; the panel holds its quants less `zero`.
 */
@unmanaged
export class Int16Tile<T> {
  @inline get rows(): i32 {
    return 4
  }

  takeActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    layTokens<T>(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n, 16, 2)
  }

  takeWeights(weights: usize, rowBytes: usize, rows: i32, n: i32): void {
    const format = changetype<T>(weights)
    const stage = changetype<usize>(this) + STAGE
    unpackRows<T>(stage, weights, rowBytes, rows, n)
    const zero = i16x8.splat(<i16>format.zero)
    let to = changetype<usize>(this) + PANEL
    for (let column = 0; column < n; column += 16, to += BLOCK) {
      const at = stage + <usize>column
      const a = v128.load(at)
      const b = v128.load(at + <usize>CHUNK)
      const c = v128.load(at + 2 * <usize>CHUNK)
      const d = v128.load(at + 3 * <usize>CHUNK)
      transpose(low(a, zero), low(b, zero), low(c, zero), low(d, zero), to, 16)
      transpose(high(a, zero), high(b, zero), high(c, zero), high(d, zero), to + 64, 16)
      const index = column / format.step
      v128.store(to, scalesOf(stage, index), 128)
      if (format.minimums) v128.store(to, minimumsOf(stage, index), 144)
    }
  }

  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    const end = scratch + PANEL + <usize>(n >> 4) * BLOCK
    if (changetype<T>(0).minimums) {
      multiplyWithMinimums(scratch + PANEL, end, scratch + ACTIVATIONS, scratch + SUMS, tokens)
    } else {
      multiply(scratch + PANEL, end, scratch + ACTIVATIONS, scratch + SUMS, tokens)
    }
  }
}

@inline
function low(bytes: v128, zero: v128): v128 {
  return i16x8.sub(i16x8.extend_low_i8x16_s(bytes), zero)
}

@inline
function high(bytes: v128, zero: v128): v128 {
  return i16x8.sub(i16x8.extend_high_i8x16_s(bytes), zero)
}

/** Eight weight vectors stay in registers while all tokens pass by. */
@inline
function pass(panel: usize, end: usize, x: usize, sums: usize, tokens: i32, minimums: bool): void {
  const last = sums + ((<usize>tokens) << 4)
  for (; panel < end; panel += BLOCK) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const scale = v128.load(panel, 128)
    const minimum = v128.load(panel, 144)
    for (let sum = sums; sum < last; sum += 16, x += X_BLOCK) {
      let dots = i32x4.dot_i16x8_s(w0, v128.load32_splat(x))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w1, v128.load32_splat(x, 4)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w2, v128.load32_splat(x, 8)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w3, v128.load32_splat(x, 12)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w4, v128.load32_splat(x, 16)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w5, v128.load32_splat(x, 20)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w6, v128.load32_splat(x, 24)))
      dots = i32x4.add(dots, i32x4.dot_i16x8_s(w7, v128.load32_splat(x, 28)))
      accumulate(sum, dots, scale, minimum, x + X_SCALE, minimums)
    }
  }
}

function multiply(panel: usize, end: usize, x: usize, sums: usize, tokens: i32): void {
  pass(panel, end, x, sums, tokens, false)
}

function multiplyWithMinimums(panel: usize, end: usize, x: usize, sums: usize, tokens: i32): void {
  pass(panel, end, x, sums, tokens, true)
}
