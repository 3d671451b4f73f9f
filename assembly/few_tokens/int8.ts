/**
 * Products of four rows' quants with 8-bit activations, the rows in lanes. Integers are exact in any order, so they are those
 * of `dots32` and `dots16` in formats/rows.ts.
 */
import { dotAdd } from '../math/byte_dots'
import { transpose } from '../matmul/transpose'

/** Sixteen quants of four rows become four vectors of four columns at `to`. */
@inline
export function layQuants<T>(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, step: i32, to: usize): void {
  transpose(
    changetype<T>(w0).quants(k, step),
    changetype<T>(w1).quants(k, step),
    changetype<T>(w2).quants(k, step),
    changetype<T>(w3).quants(k, step),
    to,
    16,
  )
}

/** A lane's integer in both of its 16-bit halves, as the products below take it. */
@inline
export function twice(v: v128): v128 {
  return v128.or(v128.and(v, i32x4.splat(0xffff)), i32x4.shl(v, 16))
}

/** Four columns' products in two i16 lanes of each row: of quants of 6 bits at most 63 × 127 × 2 each. */
@inline
function pairs(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/** Sums in i16 lanes as long as they fit, for quants of at most 6 bits. The pointer is that of the activations. */
@unmanaged
export class Pairs {
  /** 32 columns times `factors`, which are `twice` something; quants have at most `bits`, 5. */
  @inline dots32(
    w0: v128,
    w1: v128,
    w2: v128,
    w3: v128,
    w4: v128,
    w5: v128,
    w6: v128,
    w7: v128,
    factors: v128,
    bits: i32,
  ): v128 {
    const x = changetype<usize>(this)
    const a = i16x8.add(pairs(v128.load32_splat(x), w0), pairs(v128.load32_splat(x, 4), w1))
    const b = i16x8.add(pairs(v128.load32_splat(x, 8), w2), pairs(v128.load32_splat(x, 12), w3))
    const c = i16x8.add(pairs(v128.load32_splat(x, 16), w4), pairs(v128.load32_splat(x, 20), w5))
    const d = i16x8.add(pairs(v128.load32_splat(x, 24), w6), pairs(v128.load32_splat(x, 28), w7))
    const low = i16x8.add(a, b)
    const high = i16x8.add(c, d)
    if (bits <= 4) return i32x4.dot_i16x8_s(i16x8.add(low, high), factors)
    return i32x4.add(i32x4.dot_i16x8_s(low, factors), i32x4.dot_i16x8_s(high, factors))
  }

  /** 16 columns. */
  @inline dots16(w0: v128, w1: v128, w2: v128, w3: v128, factors: v128): v128 {
    const x = changetype<usize>(this)
    const a = i16x8.add(pairs(v128.load32_splat(x), w0), pairs(v128.load32_splat(x, 4), w1))
    const b = i16x8.add(pairs(v128.load32_splat(x, 8), w2), pairs(v128.load32_splat(x, 12), w3))
    return i32x4.add(i32x4.dot_i16x8_s(a, factors), i32x4.dot_i16x8_s(b, factors))
  }
}

/** Sums in i32 lanes, for quants of up to 8 bits where `BYTE_DOTS` holds. */
@unmanaged
export class Bytes {
  /** 32 columns; `bits` is 8, and then there are no factors. */
  @inline dots32(
    w0: v128,
    w1: v128,
    w2: v128,
    w3: v128,
    w4: v128,
    w5: v128,
    w6: v128,
    w7: v128,
    _factors: v128,
    _bits: i32,
  ): v128 {
    const x = changetype<usize>(this)
    let low = dotAdd(v128.load32_splat(x), w0, i32x4.splat(0))
    let high = dotAdd(v128.load32_splat(x, 16), w4, i32x4.splat(0))
    low = dotAdd(v128.load32_splat(x, 4), w1, low)
    high = dotAdd(v128.load32_splat(x, 20), w5, high)
    low = dotAdd(v128.load32_splat(x, 8), w2, low)
    high = dotAdd(v128.load32_splat(x, 24), w6, high)
    low = dotAdd(v128.load32_splat(x, 12), w3, low)
    high = dotAdd(v128.load32_splat(x, 28), w7, high)
    return i32x4.add(low, high)
  }
}
