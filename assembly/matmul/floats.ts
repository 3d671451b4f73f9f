import { FLOATS } from '../activations'
import { madd } from '../math/lanes'
import { blocksAt } from './place'
import { ACTIVATIONS, CHUNK, PANEL, SUMS } from './scratch'
import { transpose } from './transpose'

/** Tokens per step: their sums for eight rows take eight registers, enough to hide the latency of the additions. */
const TOKENS_PER_STEP: i32 = WIDE ? 8 : 4
/** Bytes of one column of their activations. */
const COLUMN: usize = WIDE ? 32 : 16

/**
 * 8 rows × TOKENS_PER_STEP tokens of f32, for formats of plain numbers. The panel is [column][8 rows], the activations are
 * [column][TOKENS_PER_STEP]. The pointer is the scratch.
 *
 * `T` has `loadFinite4()`, which loads four values as f32, and `load1()`.
 */
@unmanaged
export class FloatTile<T> {
  @inline get kind(): i32 {
    return FLOATS
  }

  @inline get rows(): i32 {
    return 8
  }

  /** Pads with copies of the last token. */
  @inline chunk(_tokens: i32): i32 {
    return CHUNK
  }

  packActivations(x: usize, xStride: usize, tokens: i32, _columns: i32, column: i32, n: i32): void {
    const last = x + <usize>(tokens - 1) * xStride + ((<usize>column) << 2)
    let to = changetype<usize>(this) + ACTIVATIONS
    let a = x + ((<usize>column) << 2)
    for (let token = 0; token < tokens; token += TOKENS_PER_STEP) {
      for (let four = 0; four < TOKENS_PER_STEP; four += 4) {
        const b = a + xStride
        const c = b + xStride
        const d = c + xStride
        packFourTokens(min(a, last), min(b, last), min(c, last), min(d, last), to + ((<usize>four) << 2), n)
        a += 4 * xStride
      }
      to += <usize>n * COLUMN
    }
  }

  /** Pads with copies of the last row. */
  packWeights(matrix: usize, rowBytes: usize, row: i32, rows: i32, from: i32, n: i32): void {
    const weights = blocksAt<T>(matrix, rowBytes, row, from)
    const bytes = <usize>changetype<T>(weights).bytes
    const panel = changetype<usize>(this) + PANEL
    for (let half = 0; half < 8; half += 4) {
      let a = weights + <usize>min(half, rows - 1) * rowBytes
      let b = weights + <usize>min(half + 1, rows - 1) * rowBytes
      let c = weights + <usize>min(half + 2, rows - 1) * rowBytes
      let d = weights + <usize>min(half + 3, rows - 1) * rowBytes
      let to = panel + ((<usize>half) << 2)
      for (const end = to + ((<usize>(n & ~3)) << 5); to < end; to += 128) {
        transpose(
          changetype<T>(a).loadFinite4(),
          changetype<T>(b).loadFinite4(),
          changetype<T>(c).loadFinite4(),
          changetype<T>(d).loadFinite4(),
          to,
          32,
        )
        a += 4 * bytes
        b += 4 * bytes
        c += 4 * bytes
        d += 4 * bytes
      }
      for (const end = to + ((<usize>(n & 3)) << 5); to < end; to += 32) {
        store<f32>(to, changetype<T>(a).load1())
        store<f32>(to, changetype<T>(b).load1(), 4)
        store<f32>(to, changetype<T>(c).load1(), 8)
        store<f32>(to, changetype<T>(d).load1(), 12)
        a += bytes
        b += bytes
        c += bytes
        d += bytes
      }
    }
  }

  multiply(tokens: i32, n: i32): void {
    const scratch = changetype<usize>(this)
    if (WIDE) multiplyWide(scratch + PANEL, scratch + ACTIVATIONS, scratch + SUMS, tokens, n)
    else multiply(scratch + PANEL, scratch + ACTIVATIONS, scratch + SUMS, tokens, n)
  }
}

/** Packs `n` columns of four tokens to `to`, COLUMN bytes per column. */
function packFourTokens(a: usize, b: usize, c: usize, d: usize, to: usize, n: i32): void {
  for (const end = a + ((<usize>(n & ~3)) << 2); a < end; a += 16, b += 16, c += 16, d += 16, to += 4 * COLUMN) {
    transpose(v128.load(a), v128.load(b), v128.load(c), v128.load(d), to, COLUMN)
  }
  for (const end = a + ((<usize>(n & 3)) << 2); a < end; a += 4, b += 4, c += 4, d += 4, to += COLUMN) {
    store<f32>(to, load<f32>(a))
    store<f32>(to, load<f32>(b), 4)
    store<f32>(to, load<f32>(c), 8)
    store<f32>(to, load<f32>(d), 12)
  }
}

/** One column per step: with more, V8 keeps all operands live and runs out of registers. */
function multiply(panel: usize, x: usize, sums: usize, tokens: i32, n: i32): void {
  const end = panel + ((<usize>n) << 5)
  for (const last = sums + ((<usize>tokens) << 5); sums < last; sums += 128) {
    let a0 = v128.load(sums)
    let a1 = v128.load(sums, 16)
    let b0 = v128.load(sums, 32)
    let b1 = v128.load(sums, 48)
    let c0 = v128.load(sums, 64)
    let c1 = v128.load(sums, 80)
    let d0 = v128.load(sums, 96)
    let d1 = v128.load(sums, 112)
    for (let column = panel; column < end; column += 32, x += 16) {
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
    v128.store(sums, a0)
    v128.store(sums, a1, 16)
    v128.store(sums, b0, 32)
    v128.store(sums, b1, 48)
    v128.store(sums, c0, 64)
    v128.store(sums, c1, 80)
    v128.store(sums, d0, 96)
    v128.store(sums, d1, 112)
  }
}

/**
 * The same for eight tokens, for engines that join pairs of vectors: pairs are stored upper half first. The sums of padding
 * tokens are ignored.
 */
function multiplyWide(panel: usize, x: usize, sums: usize, tokens: i32, n: i32): void {
  const end = panel + ((<usize>n) << 5)
  for (const last = sums + ((<usize>tokens) << 5); sums < last; sums += 256) {
    let a0 = v128.load(sums)
    let a1 = v128.load(sums, 16)
    let b0 = v128.load(sums, 32)
    let b1 = v128.load(sums, 48)
    let c0 = v128.load(sums, 64)
    let c1 = v128.load(sums, 80)
    let d0 = v128.load(sums, 96)
    let d1 = v128.load(sums, 112)
    let e0 = v128.load(sums, 128)
    let e1 = v128.load(sums, 144)
    let f0 = v128.load(sums, 160)
    let f1 = v128.load(sums, 176)
    let g0 = v128.load(sums, 192)
    let g1 = v128.load(sums, 208)
    let h0 = v128.load(sums, 224)
    let h1 = v128.load(sums, 240)
    for (let column = panel; column < end; column += 32, x += 32) {
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
      v = v128.load32_splat(x, 16)
      e0 = madd(low, v, e0)
      e1 = madd(high, v, e1)
      v = v128.load32_splat(x, 20)
      f0 = madd(low, v, f0)
      f1 = madd(high, v, f1)
      v = v128.load32_splat(x, 24)
      g0 = madd(low, v, g0)
      g1 = madd(high, v, g1)
      v = v128.load32_splat(x, 28)
      h0 = madd(low, v, h0)
      h1 = madd(high, v, h1)
    }
    v128.store(sums, a1, 16)
    v128.store(sums, a0)
    v128.store(sums, b1, 48)
    v128.store(sums, b0, 32)
    v128.store(sums, c1, 80)
    v128.store(sums, c0, 64)
    v128.store(sums, d1, 112)
    v128.store(sums, d0, 96)
    v128.store(sums, e1, 144)
    v128.store(sums, e0, 128)
    v128.store(sums, f1, 176)
    v128.store(sums, f0, 160)
    v128.store(sums, g1, 208)
    v128.store(sums, g0, 192)
    v128.store(sums, h1, 240)
    v128.store(sums, h0, 224)
  }
}
