import { INT16 } from '../activations'
import { blocksAt } from './place'
import { ACTIVATIONS, CHUNK, PANEL, STAGE, SUMS, TILE_BYTES, TILE_ROWS } from './scratch'
import { minimumsOf, scalesOf, unpackRows } from './stage'
import { accumulate, packTokens, TOKEN_TAIL } from './tokens'
import { transpose } from './transpose'

/** Bytes of a panel block, 16 columns of the rows: eight vectors of two columns each, scales, minimums. */
export const BLOCK: usize = 10 * TILE_BYTES
/** Bytes of a token's block, and the offset of its scale. */
const X_BLOCK: usize = 32 + TOKEN_TAIL
const X_SCALE: usize = 32

/**
 * TILE_ROWS rows × 1 token of 16-bit integers, 16 columns per step. The activations are of kind INT16. The pointer is the scratch.
 *
 * `T` is a quantised format; the panel holds its quants minus `zero`.
 */
@unmanaged
export class Int16Tile<T> {
  @inline get kind(): i32 {
    return INT16
  }

  @inline get rows(): i32 {
    return TILE_ROWS
  }

  @inline chunk(_tokens: i32): i32 {
    return CHUNK
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    packTokens<T>(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n, 16, 2)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    const weights = blocksAt<T>(matrix, rowBytes, row, from)
    const format = changetype<T>(weights)
    const stage = changetype<usize>(this) + STAGE
    const zero = i16x8.splat(<i16>format.zero)
    for (let first = 0; first < TILE_ROWS; first += 4) {
      unpackRows<T>(stage, weights, rowBytes, first, rows, n)
      let to = changetype<usize>(this) + PANEL + ((<usize>first) << 2)
      for (let column = 0; column < n; column += 16, to += BLOCK) {
        const at = stage + <usize>column
        const a = v128.load(at)
        const b = v128.load(at + <usize>CHUNK)
        const c = v128.load(at + 2 * <usize>CHUNK)
        const d = v128.load(at + 3 * <usize>CHUNK)
        transpose(low(a, zero), low(b, zero), low(c, zero), low(d, zero), to, TILE_BYTES)
        transpose(high(a, zero), high(b, zero), high(c, zero), high(d, zero), to + 4 * TILE_BYTES, TILE_BYTES)
        const index = column / format.step
        v128.store(to + 8 * TILE_BYTES, scalesOf(stage, index))
        if (format.minimums) v128.store(to + 9 * TILE_BYTES, minimumsOf(stage, index))
      }
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

/** The dot products of a token's block with the rows. */
@inline
function dots16(x: usize, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128, w6: v128, w7: v128): v128 {
  let dots = i32x4.dot_i16x8_s(w0, v128.load32_splat(x))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w1, v128.load32_splat(x, 4)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w2, v128.load32_splat(x, 8)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w3, v128.load32_splat(x, 12)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w4, v128.load32_splat(x, 16)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w5, v128.load32_splat(x, 20)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w6, v128.load32_splat(x, 24)))
  dots = i32x4.add(dots, i32x4.dot_i16x8_s(w7, v128.load32_splat(x, 28)))
  return dots
}

/** The weights of a block stay in registers for all tokens. */
@inline
function multiplyBlocks(panel: usize, end: usize, x: usize, sums: usize, tokens: i32, minimums: bool): void {
  const last = sums + <usize>tokens * TILE_BYTES
  for (; panel < end; panel += BLOCK) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, TILE_BYTES)
    const w2 = v128.load(panel, 2 * TILE_BYTES)
    const w3 = v128.load(panel, 3 * TILE_BYTES)
    const w4 = v128.load(panel, 4 * TILE_BYTES)
    const w5 = v128.load(panel, 5 * TILE_BYTES)
    const w6 = v128.load(panel, 6 * TILE_BYTES)
    const w7 = v128.load(panel, 7 * TILE_BYTES)
    const scale = v128.load(panel, 8 * TILE_BYTES)
    const minimum = v128.load(panel, 9 * TILE_BYTES)
    // Weights of the upper four rows.
    const v0 = WIDE ? v128.load(panel, 16) : w0
    const v1 = WIDE ? v128.load(panel, TILE_BYTES + 16) : w1
    const v2 = WIDE ? v128.load(panel, 2 * TILE_BYTES + 16) : w2
    const v3 = WIDE ? v128.load(panel, 3 * TILE_BYTES + 16) : w3
    const v4 = WIDE ? v128.load(panel, 4 * TILE_BYTES + 16) : w4
    const v5 = WIDE ? v128.load(panel, 5 * TILE_BYTES + 16) : w5
    const v6 = WIDE ? v128.load(panel, 6 * TILE_BYTES + 16) : w6
    const v7 = WIDE ? v128.load(panel, 7 * TILE_BYTES + 16) : w7
    const upperScale = WIDE ? v128.load(panel, 8 * TILE_BYTES + 16) : scale
    const upperMinimum = WIDE ? v128.load(panel, 9 * TILE_BYTES + 16) : minimum
    for (let sum = sums; sum < last; sum += TILE_BYTES, x += X_BLOCK) {
      const dots = dots16(x, w0, w1, w2, w3, w4, w5, w6, w7)
      const upper = WIDE ? dots16(x, v0, v1, v2, v3, v4, v5, v6, v7) : dots
      accumulate(sum, dots, upper, scale, upperScale, minimum, upperMinimum, x + X_SCALE, minimums)
    }
  }
}

function multiply(panel: usize, end: usize, x: usize, sums: usize, tokens: i32): void {
  multiplyBlocks(panel, end, x, sums, tokens, false)
}

function multiplyWithMinimums(panel: usize, end: usize, x: usize, sums: usize, tokens: i32): void {
  multiplyBlocks(panel, end, x, sums, tokens, true)
}
