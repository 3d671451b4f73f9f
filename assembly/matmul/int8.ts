import { INT8 } from '../activations'
import { BYTE_DOTS, dotAdd } from '../math/byte_dots'
import { blocksAt } from './place'
import { ACTIVATIONS, CHUNK, PANEL, STAGE, SUMS, TILE_BYTES, TILE_ROWS } from './scratch'
import { minimumsOf, scalesOf, unpackRows } from './stage'
import { accumulate, packTokens, STEP, TOKEN_TAIL } from './tokens'
import { transpose } from './transpose'

const ONES = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16)

/** Bytes of a token's sub-block of 32 or 16 columns. */
const X32: usize = 32 + TOKEN_TAIL
const X16: usize = 16 + TOKEN_TAIL
/** What follows the quants in the panel: the rows' scales and minimums. */
const TAIL: usize = 2 * TILE_BYTES
/** Bytes of a panel block of 32 or 16 columns. */
export const W32: usize = 8 * TILE_BYTES + TAIL
const W16: usize = 4 * TILE_BYTES + TAIL

/**
 * TILE_ROWS rows × 1 token of 8-bit integers. The activations are of kind INT8. The pointer is the scratch.
 *
 * `T` is a quantised format with unsigned quants of at most 6 `bits`, for which `relaxed_dot` is exact and the same on every
 * processor; with more bits, `BYTE_DOTS` must hold. A panel block holds one sub-block of the rows: vectors of four columns,
 * scales, minimums.
 */
@unmanaged
export class Int8Tile<T> {
  @inline get kind(): i32 {
    return INT8
  }

  @inline get rows(): i32 {
    return TILE_ROWS
  }

  @inline chunk(_tokens: i32): i32 {
    return CHUNK
  }

  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    const to = changetype<usize>(this) + ACTIVATIONS
    packTokens<T>(to, x, xStride, tokens, columns, column, n, changetype<T>(0).step, 1)
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    const weights = blocksAt<T>(matrix, rowBytes, row, from)
    const format = changetype<T>(weights)
    const stage = changetype<usize>(this) + STAGE
    for (let first = 0; first < TILE_ROWS; first += 4) {
      unpackRows<T>(stage, weights, rowBytes, first, rows, n)
      let to = changetype<usize>(this) + PANEL + ((<usize>first) << 2)
      for (let column = 0; column < n; ) {
        const index = column / format.step
        for (const end = column + format.step; column < end; column += 16, to += 4 * TILE_BYTES) {
          const at = stage + <usize>column
          const rowBytes = <usize>CHUNK
          transpose(
            v128.load(at),
            v128.load(at + rowBytes),
            v128.load(at + 2 * rowBytes),
            v128.load(at + 3 * rowBytes),
            to,
            TILE_BYTES,
          )
        }
        v128.store(to, scalesOf(stage, index))
        if (format.minimums) v128.store(to + TILE_BYTES, minimumsOf(stage, index))
        to += TAIL
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    const format = changetype<T>(0)
    const panel = scratch + PANEL
    const x = scratch + ACTIVATIONS
    const sums = scratch + SUMS
    if (format.step == 32) {
      if (BYTE_DOTS) {
        format.minimums ? bytes32WithMinimums(panel, n, x, sums, tokens) : bytes32(panel, n, x, sums, tokens)
      } else if (format.minimums) pairs32WithMinimums(panel, n, x, sums, tokens)
      else if (format.bits <= 5) pairs32(panel, n, x, sums, tokens)
    } else if (BYTE_DOTS) {
      format.minimums ? bytes16WithMinimums(panel, n, x, sums, tokens) : bytes16(panel, n, x, sums, tokens)
    } else {
      format.minimums ? pairs16WithMinimums(panel, n, x, sums, tokens) : pairs16(panel, n, x, sums, tokens)
    }
  }
}

// Separate functions, so that formats share the unrolled loops.
function bytes32(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply32<Bytes>(panel, n, x, sums, tokens, false)
}
function bytes32WithMinimums(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply32<Bytes>(panel, n, x, sums, tokens, true)
}
function pairs32(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply32<Pairs>(panel, n, x, sums, tokens, false)
}
function pairs32WithMinimums(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply32<Pairs>(panel, n, x, sums, tokens, true)
}
function bytes16(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply16<Bytes>(panel, n, x, sums, tokens, false)
}
function bytes16WithMinimums(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply16<Bytes>(panel, n, x, sums, tokens, true)
}
function pairs16(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply16<Pairs>(panel, n, x, sums, tokens, false)
}
function pairs16WithMinimums(panel: usize, n: i32, x: usize, sums: usize, tokens: i32): void {
  multiply16<Pairs>(panel, n, x, sums, tokens, true)
}

/** A token's sub-block where `BYTE_DOTS` holds: two chains of sums, to hide latency. */
@unmanaged
class Bytes {
  @inline dots32(
    w0: v128,
    w1: v128,
    w2: v128,
    w3: v128,
    w4: v128,
    w5: v128,
    w6: v128,
    w7: v128,
    _ones: v128,
    minimums: bool,
  ): v128 {
    const x = changetype<usize>(this)
    let low = dotAdd(v128.load32_splat(x), w0, minimums ? i32x4.splat(0) : v128.load32_splat(x, 36))
    low = dotAdd(v128.load32_splat(x, 4), w1, low)
    low = dotAdd(v128.load32_splat(x, 8), w2, low)
    low = dotAdd(v128.load32_splat(x, 12), w3, low)
    let high = dotAdd(v128.load32_splat(x, 16), w4, i32x4.splat(0))
    high = dotAdd(v128.load32_splat(x, 20), w5, high)
    high = dotAdd(v128.load32_splat(x, 24), w6, high)
    high = dotAdd(v128.load32_splat(x, 28), w7, high)
    return i32x4.add(low, high)
  }

  @inline dots16(w0: v128, w1: v128, w2: v128, w3: v128, _ones: v128, minimums: bool): v128 {
    const x = changetype<usize>(this)
    let dots = dotAdd(v128.load32_splat(x), w0, minimums ? i32x4.splat(0) : v128.load32_splat(x, 20))
    dots = dotAdd(v128.load32_splat(x, 4), w1, dots)
    dots = dotAdd(v128.load32_splat(x, 8), w2, dots)
    return dotAdd(v128.load32_splat(x, 12), w3, dots)
  }
}

/** A token's sub-block elsewhere: products are summed in pairs, at most 63 × 127 × 2 < 2^14 each. */
@unmanaged
class Pairs {
  /** Quants of at most 5 bits, so that four products' pairs fit into 16 bits: 31 × 127 × 2 × 4 < 2^15. */
  @inline dots32(
    w0: v128,
    w1: v128,
    w2: v128,
    w3: v128,
    w4: v128,
    w5: v128,
    w6: v128,
    w7: v128,
    ones: v128,
    minimums: bool,
  ): v128 {
    const x = changetype<usize>(this)
    const pairs0 = i16x8.add(dot(v128.load32_splat(x), w0), dot(v128.load32_splat(x, 4), w1))
    const pairs1 = i16x8.add(dot(v128.load32_splat(x, 8), w2), dot(v128.load32_splat(x, 12), w3))
    const pairs2 = i16x8.add(dot(v128.load32_splat(x, 16), w4), dot(v128.load32_splat(x, 20), w5))
    const pairs3 = i16x8.add(dot(v128.load32_splat(x, 24), w6), dot(v128.load32_splat(x, 28), w7))
    const dots = i32x4.add(
      i32x4.dot_i16x8_s(i16x8.add(pairs0, pairs1), ones),
      i32x4.dot_i16x8_s(i16x8.add(pairs2, pairs3), ones),
    )
    return minimums ? dots : i32x4.add(dots, v128.load32_splat(x, 36))
  }

  /** Quants of at most 6 bits: two products' pairs fit into 16 bits, 63 × 127 × 2 × 2 < 2^15. */
  @inline dots16(w0: v128, w1: v128, w2: v128, w3: v128, ones: v128, minimums: bool): v128 {
    const x = changetype<usize>(this)
    const pairs0 = i16x8.add(dot(v128.load32_splat(x), w0), dot(v128.load32_splat(x, 4), w1))
    const pairs1 = i16x8.add(dot(v128.load32_splat(x, 8), w2), dot(v128.load32_splat(x, 12), w3))
    const dots = i32x4.add(i32x4.dot_i16x8_s(pairs0, ones), i32x4.dot_i16x8_s(pairs1, ones))
    return minimums ? dots : i32x4.add(dots, v128.load32_splat(x, 20))
  }
}

@inline
function dot(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/** Sub-blocks of 32 quants: their weights stay in registers for all tokens, STEP tokens per step. */
@inline
function multiply32<Dots>(panel: usize, n: i32, x: usize, sums: usize, tokens: i32, minimums: bool): void {
  const ones = v128.load(ONES)
  const last = sums + <usize>tokens * TILE_BYTES
  for (const end = panel + <usize>(n >> 5) * W32; panel < end; panel += W32) {
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
    for (let sum = sums; sum < last; sum += TILE_BYTES * <usize>STEP, x += X32 * <usize>STEP) {
      const x0 = changetype<Dots>(x)
      const dots0 = x0.dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, minimums)
      const upper0 = WIDE ? x0.dots32(v0, v1, v2, v3, v4, v5, v6, v7, ones, minimums) : dots0
      accumulate(sum, dots0, upper0, scale, upperScale, minimum, upperMinimum, x + 32, minimums)
      const x1 = changetype<Dots>(x + X32)
      const dots1 = x1.dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, minimums)
      const upper1 = WIDE ? x1.dots32(v0, v1, v2, v3, v4, v5, v6, v7, ones, minimums) : dots1
      accumulate(sum + TILE_BYTES, dots1, upper1, scale, upperScale, minimum, upperMinimum, x + X32 + 32, minimums)
      const x2 = changetype<Dots>(x + 2 * X32)
      const dots2 = x2.dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, minimums)
      const upper2 = WIDE ? x2.dots32(v0, v1, v2, v3, v4, v5, v6, v7, ones, minimums) : dots2
      accumulate(sum + 2 * TILE_BYTES, dots2, upper2, scale, upperScale, minimum, upperMinimum, x + 2 * X32 + 32, minimums)
      const x3 = changetype<Dots>(x + 3 * X32)
      const dots3 = x3.dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, minimums)
      const upper3 = WIDE ? x3.dots32(v0, v1, v2, v3, v4, v5, v6, v7, ones, minimums) : dots3
      accumulate(sum + 3 * TILE_BYTES, dots3, upper3, scale, upperScale, minimum, upperMinimum, x + 3 * X32 + 32, minimums)
    }
  }
}

/** Sub-blocks of 16 quants. */
@inline
function multiply16<Dots>(panel: usize, n: i32, x: usize, sums: usize, tokens: i32, minimums: bool): void {
  const ones = v128.load(ONES)
  const last = sums + <usize>tokens * TILE_BYTES
  for (const end = panel + <usize>(n >> 4) * W16; panel < end; panel += W16) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, TILE_BYTES)
    const w2 = v128.load(panel, 2 * TILE_BYTES)
    const w3 = v128.load(panel, 3 * TILE_BYTES)
    const scale = v128.load(panel, 4 * TILE_BYTES)
    const minimum = v128.load(panel, 5 * TILE_BYTES)
    // Weights of the upper four rows.
    const v0 = WIDE ? v128.load(panel, 16) : w0
    const v1 = WIDE ? v128.load(panel, TILE_BYTES + 16) : w1
    const v2 = WIDE ? v128.load(panel, 2 * TILE_BYTES + 16) : w2
    const v3 = WIDE ? v128.load(panel, 3 * TILE_BYTES + 16) : w3
    const upperScale = WIDE ? v128.load(panel, 4 * TILE_BYTES + 16) : scale
    const upperMinimum = WIDE ? v128.load(panel, 5 * TILE_BYTES + 16) : minimum
    for (let sum = sums; sum < last; sum += TILE_BYTES * <usize>STEP, x += X16 * <usize>STEP) {
      const x0 = changetype<Dots>(x)
      const dots0 = x0.dots16(w0, w1, w2, w3, ones, minimums)
      const upper0 = WIDE ? x0.dots16(v0, v1, v2, v3, ones, minimums) : dots0
      accumulate(sum, dots0, upper0, scale, upperScale, minimum, upperMinimum, x + 16, minimums)
      const x1 = changetype<Dots>(x + X16)
      const dots1 = x1.dots16(w0, w1, w2, w3, ones, minimums)
      const upper1 = WIDE ? x1.dots16(v0, v1, v2, v3, ones, minimums) : dots1
      accumulate(sum + TILE_BYTES, dots1, upper1, scale, upperScale, minimum, upperMinimum, x + X16 + 16, minimums)
      const x2 = changetype<Dots>(x + 2 * X16)
      const dots2 = x2.dots16(w0, w1, w2, w3, ones, minimums)
      const upper2 = WIDE ? x2.dots16(v0, v1, v2, v3, ones, minimums) : dots2
      accumulate(sum + 2 * TILE_BYTES, dots2, upper2, scale, upperScale, minimum, upperMinimum, x + 2 * X16 + 16, minimums)
      const x3 = changetype<Dots>(x + 3 * X16)
      const dots3 = x3.dots16(w0, w1, w2, w3, ones, minimums)
      const upper3 = WIDE ? x3.dots16(v0, v1, v2, v3, ones, minimums) : dots3
      accumulate(sum + 3 * TILE_BYTES, dots3, upper3, scale, upperScale, minimum, upperMinimum, x + 3 * X16 + 16, minimums)
    }
  }
}
