/** The tile of Q6_K in the relaxed build that meets decode (`Q6_KPairs`) in the middle. */
import { Q6_K } from '../../../../assembly/formats/q6_k'
import { byte0, byte1, byte2, byte3, smallHalves4, words4 } from '../../../../assembly/formats/rows'
import { constant, ONES_I16 } from '../../../../assembly/math/constants'
import { madd } from '../../../../assembly/math/lanes'
import { blocksAt } from '../../../../assembly/matmul/place'
import { ACTIVATIONS, PANEL, STAGE, SUMS } from '../../../../assembly/matmul/scratch'
import { unpackRows } from '../../../../assembly/matmul/stage'
import { roundUpToStep } from '../../../../assembly/matmul/tokens'
import { EXTRA } from './float-tile'
import { cvt, dots16, layColumns } from './int8-tile'

/** Bytes of a token's 32 columns for Q6_K: values, their scale, what the zero of each 16 takes off. */
const X_PAIR: usize = 48
/** The panel's: quants, two integer scales, d. */
const PAIR: usize = 176

/**
 * Q6_K, two sub-blocks a step: their products times their integer scales are one integer; a super-block's sum is
 * multiplied with d. That is the order of `Q6_KPairs`.
 */
@unmanaged
export class Q6_KPairTile {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    const filled = roundUpToStep(tokens)
    let to = changetype<usize>(this) + ACTIVATIONS
    for (const end = column + n; column < end; column += 32) {
      let row = x
      for (let token = 0; token < filled; token++, to += X_PAIR) {
        const a = v128.load(row + <usize>column)
        const b = v128.load(row + <usize>column, 16)
        v128.store(to, a)
        v128.store(to, b, 16)
        store<f32>(to, load<f32>(row + <usize>columns + ((<usize>(column >> 5)) << 2)), 32)
        store<i32>(to, -32 * sumBytes(a), 36)
        store<i32>(to, -32 * sumBytes(b), 40)
        if (token + 1 < tokens) row += xStride
      }
    }
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    let w0 = blocksAt<Q6_K>(matrix, rowBytes, row, from)
    const stage = changetype<usize>(this) + STAGE
    let to = changetype<usize>(this) + PANEL
    unpackRows<Q6_K>(stage, w0, rowBytes, 0, rows, n)
    let w1 = w0 + <usize>min(1, rows - 1) * rowBytes
    let w2 = w0 + <usize>min(2, rows - 1) * rowBytes
    let w3 = w0 + <usize>min(3, rows - 1) * rowBytes
    for (let column = 0; column < n; ) {
      const d = smallHalves4(w0 + 208, w1 + 208, w2 + 208, w3 + 208)
      for (let four: usize = 192; four < 208; four += 4, column += 64, to += 2 * PAIR) {
        const s = words4(w0 + four, w1 + four, w2 + four, w3 + four)
        layColumns(stage + <usize>column, to)
        layColumns(stage + <usize>(column + 16), to + 64)
        v128.store(to, byte0(s), 128)
        v128.store(to, byte1(s), 144)
        v128.store(to, d, 160)
        layColumns(stage + <usize>(column + 32), to + PAIR)
        layColumns(stage + <usize>(column + 48), to + PAIR + 64)
        v128.store(to, byte2(s), PAIR + 128)
        v128.store(to, byte3(s), PAIR + 144)
        v128.store(to, d, PAIR + 160)
      }
      w0 += 210
      w1 += 210
      w2 += 210
      w3 += 210
    }
  }
  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    multiplyPairs(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, scratch + EXTRA, tokens)
  }
}

/** Σ of 16 signed bytes. */
@inline
function sumBytes(v: v128): i32 {
  const fours = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v))
  const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1))
  return i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1)
}

@inline
function takeInTwo(products: usize, a: v128, b: v128, s: v128, t: v128, x: usize): void {
  const first = i32x4.mul(i32x4.add(a, v128.load32_splat(x, 36)), s)
  const second = i32x4.mul(i32x4.add(b, v128.load32_splat(x, 40)), t)
  v128.store(products, madd(cvt(i32x4.add(first, second)), v128.load32_splat(x, 32), v128.load(products)))
}

function multiplyPairs(panel: usize, n: i32, x: usize, sums: usize, products: usize, tokens: i32): void {
  const ones = constant(ONES_I16)
  const bytes = (<usize>tokens) << 4
  const last = products + bytes
  memory.fill(products, 0, bytes)
  for (let column = 0; column < n; column += 32, panel += PAIR) {
    const w0 = v128.load(panel)
    const w1 = v128.load(panel, 16)
    const w2 = v128.load(panel, 32)
    const w3 = v128.load(panel, 48)
    const w4 = v128.load(panel, 64)
    const w5 = v128.load(panel, 80)
    const w6 = v128.load(panel, 96)
    const w7 = v128.load(panel, 112)
    const s = v128.load(panel, 128)
    const t = v128.load(panel, 144)
    for (let sum = products; sum < last; sum += 64, x += 4 * X_PAIR) {
      takeInTwo(sum, dots16(x, w0, w1, w2, w3, ones), dots16(x + 16, w4, w5, w6, w7, ones), s, t, x)
      let at = x + X_PAIR
      takeInTwo(sum + 16, dots16(at, w0, w1, w2, w3, ones), dots16(at + 16, w4, w5, w6, w7, ones), s, t, at)
      at = x + 2 * X_PAIR
      takeInTwo(sum + 32, dots16(at, w0, w1, w2, w3, ones), dots16(at + 16, w4, w5, w6, w7, ones), s, t, at)
      at = x + 3 * X_PAIR
      takeInTwo(sum + 48, dots16(at, w0, w1, w2, w3, ones), dots16(at + 16, w4, w5, w6, w7, ones), s, t, at)
    }
    if ((column & 255) == 224) {
      const d = v128.load(panel, 160)
      let to = sums
      for (let product = products; product < last; product += 16, to += 16) {
        v128.store(to, madd(d, v128.load(product), v128.load(to)))
        v128.store(product, f32x4.splat(0))
      }
    }
  }
}
