/**
 * The tile of Q4_K in the relaxed build in the order of its shipped decode product: integers are multiplied by the integer
 * scales, which costs nothing where pairs are added up (`dots32`), the sums of a super-block are kept apart, and d and the
 * minimums are taken in once per super-block.
 */
import { minimums0, minimums4, scales0, scales4 } from '../../../../assembly/formats/k_scales'
import { Q4_K } from '../../../../assembly/formats/q4_k'
import { upperSmallHalves, words4 } from '../../../../assembly/formats/rows'
import { madd } from '../../../../assembly/math/lanes'
import { blocksAt } from '../../../../assembly/matmul/place'
import { ACTIVATIONS, PANEL, STAGE, SUMS } from '../../../../assembly/matmul/scratch'
import { unpackRows } from '../../../../assembly/matmul/stage'
import { roundUpToStep } from '../../../../assembly/matmul/tokens'
import { EXTRA } from './float-tile'
import { cvt, dots32, layColumns, X32 } from './int8-tile'

/** A sub-block of 32 in the panel: quants, and its scale or two as integers. */
const SUB_BLOCK: usize = 160
/** What follows eight of them: d, dmin, then eight minimums as f32. */
const D: usize = 8 * SUB_BLOCK
const DMIN: usize = D + 16
const MINIMUMS: usize = D + 32

/** Panel bytes of a super-block. */
const SUPER_BLOCK: usize = MINIMUMS + 128

/**
 * For each super-block, of `n` columns from `column` on: for each of its 32 columns each token's values with their scale
 * at 32, then each token's eight sums of 32.
 */
function laySuperBlocks(to: usize, x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
  const filled = roundUpToStep(tokens)
  const sums = <usize>columns + ((<usize>columns) >> 3)
  for (const end = column + n; column < end; ) {
    let row = x
    const first = column
    for (const next = column + 256; column < next; column += 32) {
      row = x
      for (let token = 0; token < filled; token++, to += X32) {
        const values = row + <usize>column
        v128.store(to, v128.load(values))
        v128.store(to, v128.load(values, 16), 16)
        store<f32>(to, load<f32>(row + <usize>columns + ((<usize>(column >> 5)) << 2)), 32)
        if (token + 1 < tokens) row += xStride
      }
    }
    row = x
    for (let token = 0; token < filled; token++, to += 32) {
      const from = row + sums + ((<usize>(first >> 4)) << 2)
      v128.store(to, pairSums(from))
      v128.store(to, pairSums(from + 32), 16)
      if (token + 1 < tokens) row += xStride
    }
  }
}

@inline
function pairSums(sums: usize): v128 {
  const a = v128.load(sums)
  const b = v128.load(sums + 16)
  return f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
}

/** One of a super-block's four integer scales. */
@inline
function byteOf(v: v128, k: i32): v128 {
  return v128.and(i32x4.shr_u(v, k << 3), i32x4.splat(0xff))
}

/** The same for both 16-bit halves of a lane. */
@inline
function twice(v: v128): v128 {
  return v128.or(v, i32x4.shl(v, 16))
}

@unmanaged
export class Q4_KSuperTile {
  @inline get rows(): i32 {
    return 4
  }
  packActivations(x: usize, xStride: usize, tokens: i32, columns: i32, column: i32, n: i32): void {
    laySuperBlocks(changetype<usize>(this) + ACTIVATIONS, x, xStride, tokens, columns, column, n)
  }
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    let w0 = blocksAt<Q4_K>(matrix, rowBytes, row, from)
    const stage = changetype<usize>(this) + STAGE
    let to = changetype<usize>(this) + PANEL
    unpackRows<Q4_K>(stage, w0, rowBytes, 0, rows, n)
    let w1 = w0 + <usize>min(1, rows - 1) * rowBytes
    let w2 = w0 + <usize>min(2, rows - 1) * rowBytes
    let w3 = w0 + <usize>min(3, rows - 1) * rowBytes
    for (let column = 0; column < n; to += SUPER_BLOCK) {
      const ds = words4(w0, w1, w2, w3)
      const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
      const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
      const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
      let s = scales0(packed0)
      let m = minimums0(packed1)
      for (let k = 0; k < 8; k++, column += 32) {
        const at = to + <usize>k * SUB_BLOCK
        layColumns(stage + <usize>column, at)
        layColumns(stage + <usize>(column + 16), at + 64)
        v128.store(at, twice(byteOf(s, k & 3)), 128)
        v128.store(to + MINIMUMS + ((<usize>k) << 4), cvt(byteOf(m, k & 3)))
        if (k == 3) {
          s = scales4(packed0, packed2)
          m = minimums4(packed1, packed2)
        }
      }
      v128.store(to, upperSmallHalves(i32x4.shl(ds, 16)), D)
      v128.store(to, upperSmallHalves(ds), DMIN)
      w0 += 144
      w1 += 144
      w2 += 144
      w3 += 144
    }
  }
  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    multiplyQ4_K(scratch + PANEL, n, scratch + ACTIVATIONS, scratch + SUMS, scratch + EXTRA, tokens)
  }
}

@inline
function takeIn(products: usize, dots: v128, x: usize): void {
  v128.store(products, madd(cvt(dots), v128.load32_splat(x, 32), v128.load(products)))
}

function multiplyQ4_K(panel: usize, n: i32, x: usize, sums: usize, products: usize, tokens: i32): void {
  const bytes = (<usize>tokens) << 4
  const last = products + bytes
  memory.fill(products, 0, bytes)
  for (let column = 0; column < n; column += 256, panel += SUPER_BLOCK) {
    for (let block = panel; block < panel + D; block += SUB_BLOCK) {
      const w0 = v128.load(block)
      const w1 = v128.load(block, 16)
      const w2 = v128.load(block, 32)
      const w3 = v128.load(block, 48)
      const w4 = v128.load(block, 64)
      const w5 = v128.load(block, 80)
      const w6 = v128.load(block, 96)
      const w7 = v128.load(block, 112)
      const s = v128.load(block, 128)
      for (let sum = products; sum < last; sum += 64, x += 4 * X32) {
        takeIn(sum, dots32(x, w0, w1, w2, w3, w4, w5, w6, w7, s), x)
        let at = x + X32
        takeIn(sum + 16, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, s), at)
        at = x + 2 * X32
        takeIn(sum + 32, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, s), at)
        at = x + 3 * X32
        takeIn(sum + 48, dots32(at, w0, w1, w2, w3, w4, w5, w6, w7, s), at)
      }
    }
    const d = v128.load(panel, D)
    const dmin = v128.load(panel, DMIN)
    const m0 = v128.load(panel, MINIMUMS)
    const m1 = v128.load(panel, MINIMUMS + 16)
    const m2 = v128.load(panel, MINIMUMS + 32)
    const m3 = v128.load(panel, MINIMUMS + 48)
    const m4 = v128.load(panel, MINIMUMS + 64)
    const m5 = v128.load(panel, MINIMUMS + 80)
    const m6 = v128.load(panel, MINIMUMS + 96)
    const m7 = v128.load(panel, MINIMUMS + 112)
    let to = sums
    for (let product = products; product < last; product += 16, to += 16, x += 32) {
      let low = f32x4.mul(m0, v128.load32_splat(x))
      low = madd(m1, v128.load32_splat(x, 4), low)
      low = madd(m2, v128.load32_splat(x, 8), low)
      low = madd(m3, v128.load32_splat(x, 12), low)
      let high = f32x4.mul(m4, v128.load32_splat(x, 16))
      high = madd(m5, v128.load32_splat(x, 20), high)
      high = madd(m6, v128.load32_splat(x, 24), high)
      high = madd(m7, v128.load32_splat(x, 28), high)
      const less = f32x4.sub(v128.load(to), f32x4.mul(dmin, f32x4.add(low, high)))
      v128.store(to, madd(d, v128.load(product), less))
      v128.store(product, f32x4.splat(0))
    }
  }
}
