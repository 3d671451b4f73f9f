/**
 * The tile of plain numbers with the order of the shipped decode product: four sums per row and token, columns modulo 4,
 * which are added up at every `CHUNK` columns. Columns of one remainder lie one after another in the panel and in the
 * activations, so that the loop is the shipped one, over a quarter of the columns at a time. Columns are a multiple of 4.
 */
import { madd } from '../../../../assembly/math/lanes'
import { blocksAt } from '../../../../assembly/matmul/place'
import { ACTIVATIONS, CHUNK, PANEL, SUMS, TOKENS } from '../../../../assembly/matmul/scratch'
import { transpose } from '../../../../assembly/matmul/transpose'

/** Behind all that the shipped tiles use of the scratch. */
export const EXTRA: usize = ACTIVATIONS + ((<usize>(TOKENS * CHUNK)) << 2)
const COLUMN: usize = 16

@unmanaged
export class LaneFloatTile<T> {
  @inline get rows(): i32 {
    return 8
  }

  packActivations(x: usize, xStride: usize, tokens: i32, _columns: i32, column: i32, n: i32): void {
    const last = x + <usize>(tokens - 1) * xStride + ((<usize>column) << 2)
    let to = changetype<usize>(this) + ACTIVATIONS
    let a = x + ((<usize>column) << 2)
    for (let token = 0; token < tokens; token += 4) {
      const b = a + xStride
      const c = b + xStride
      const d = c + xStride
      layFour(min(a, last), min(b, last), min(c, last), min(d, last), to, n)
      a += 4 * xStride
      to += <usize>n * COLUMN
    }
  }

  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    const weights = blocksAt<T>(matrix, rowBytes, row, from)
    const bytes = <usize>changetype<T>(weights).bytes
    const panel = changetype<usize>(this) + PANEL
    const stride = (<usize>(n >> 2)) << 5
    for (let half = 0; half < 8; half += 4) {
      let a = weights + <usize>min(half, rows - 1) * rowBytes
      let b = weights + <usize>min(half + 1, rows - 1) * rowBytes
      let c = weights + <usize>min(half + 2, rows - 1) * rowBytes
      let d = weights + <usize>min(half + 3, rows - 1) * rowBytes
      let to = panel + ((<usize>half) << 2)
      for (const end = to + stride; to < end; to += 32) {
        transpose(
          changetype<T>(a).loadFinite4(),
          changetype<T>(b).loadFinite4(),
          changetype<T>(c).loadFinite4(),
          changetype<T>(d).loadFinite4(),
          to,
          stride,
        )
        a += 4 * bytes
        b += 4 * bytes
        c += 4 * bytes
        d += 4 * bytes
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    multiply(scratch + PANEL, scratch + ACTIVATIONS, scratch + SUMS, scratch + EXTRA, tokens, n)
  }
}

function layFour(a: usize, b: usize, c: usize, d: usize, to: usize, n: i32): void {
  const stride = <usize>(n >> 2) * COLUMN
  for (const end = a + ((<usize>n) << 2); a < end; a += 16, b += 16, c += 16, d += 16, to += COLUMN) {
    transpose(v128.load(a), v128.load(b), v128.load(c), v128.load(d), to, stride)
  }
}

function multiply(panel: usize, x: usize, sums: usize, parts: usize, tokens: i32, n: i32): void {
  const quarter = (<usize>(n >> 2)) << 5
  for (const last = sums + ((<usize>tokens) << 5); sums < last; sums += 128) {
    let column = panel
    for (let part = parts; part < parts + 512; part += 128) {
      let a0 = f32x4.splat(0)
      let a1 = f32x4.splat(0)
      let b0 = f32x4.splat(0)
      let b1 = f32x4.splat(0)
      let c0 = f32x4.splat(0)
      let c1 = f32x4.splat(0)
      let d0 = f32x4.splat(0)
      let d1 = f32x4.splat(0)
      for (const end = column + quarter; column < end; column += 32, x += 16) {
        const low = v128.load(column)
        const high = v128.load(column, 16)
        let v = v128.load32_splat(x)
        a0 = madd(low, v, a0)
        a1 = madd(high, v, a1)
        v = v128.load32_splat(x, 4)
        b0 = madd(low, v, b0)
        b1 = madd(high, v, b1)
        v = v128.load32_splat(x, 8)
        c0 = madd(low, v, c0)
        c1 = madd(high, v, c1)
        v = v128.load32_splat(x, 12)
        d0 = madd(low, v, d0)
        d1 = madd(high, v, d1)
      }
      v128.store(part, a0)
      v128.store(part, a1, 16)
      v128.store(part, b0, 32)
      v128.store(part, b1, 48)
      v128.store(part, c0, 64)
      v128.store(part, c1, 80)
      v128.store(part, d0, 96)
      v128.store(part, d1, 112)
    }
    for (let i: usize = 0; i < 128; i += 16) {
      const even = f32x4.add(v128.load(parts + i), v128.load(parts + i, 256))
      const odd = f32x4.add(v128.load(parts + i, 128), v128.load(parts + i, 384))
      v128.store(sums + i, f32x4.add(v128.load(sums + i), f32x4.add(even, odd)))
    }
  }
}
