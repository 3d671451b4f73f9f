/**
 * Three products of Q6_K whose sums are in a tile's order:
 *
 * - `Q6_KRows`: four rows in lanes, sub-block after sub-block, as the shipped tiles: the scale d × s, which is exact, times the
 *   activations' scale is one factor.
 * - `Q6_KPairs`: the same by two sub-blocks, as `Q6_KPairTile`, for the relaxed build.
 * - `Q6_KLanes`: one row as it is shipped, with eight sums for its sub-blocks, which are added up at every `CHUNK` columns:
 *   `Int16Tile16` with eight sums.
 */
import { DOT_BYTES } from '../../../../assembly/activations'
import { dotColumn, evenBytes, oddBytes } from '../../../../assembly/formats/columns'
import { Q6_K } from '../../../../assembly/formats/q6_k'
import { byte0, byte1, byte2, byte3, dots16, smallHalves4, words4 } from '../../../../assembly/formats/rows'
import { loadSmallF16 } from '../../../../assembly/math/f16'
import { madd, sumF32x4 } from '../../../../assembly/math/lanes'
import { CHUNK } from '../../../../assembly/matmul/scratch'
import { HALF_TOTALS } from './half-totals'

const BYTES: usize = 210
const HIGH_BITS: usize = 128
const SCALES: usize = 192
const SCALE: usize = 208

/** How far half totals lie from the activations' sums, of which there are as many. */
let halfTotals: usize = 0

/** `x` are `n` activations, whose half totals have been made. */
export function beginRows(x: usize, n: i32): void {
  halfTotals = HALF_TOTALS - (x + <usize>n * DOT_BYTES + ((<usize>n) >> 3))
}

@unmanaged
export class Q6_KRows {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const d = smallHalves4(w0 + SCALE, w1 + SCALE, w2 + SCALE, w3 + SCALE)
    let totals = sums + halfTotals
    for (let half: i32 = 0; half < 2; half++, x += 128 * DOT_BYTES, scale += 16, totals += 32) {
      const at = SCALES + ((<usize>half) << 3)
      const a = words4(w0 + at, w1 + at, w2 + at, w3 + at)
      sum = addPair(w0, w1, w2, w3, 0, half, byte0(a), byte1(a), d, x, scale, totals, sum)
      sum = addPair(w0, w1, w2, w3, 2, half, byte2(a), byte3(a), d, x, scale, totals, sum)
      const b = words4(w0 + at + 4, w1 + at + 4, w2 + at + 4, w3 + at + 4)
      sum = addPair(w0, w1, w2, w3, 4, half, byte0(b), byte1(b), d, x, scale, totals, sum)
      sum = addPair(w0, w1, w2, w3, 6, half, byte2(b), byte3(b), d, x, scale, totals, sum)
    }
    return sum
  }
}

/** Sub-blocks k and k + 1 of a half, with the scales `s` and `t`. */
@inline
function addPair(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  half: i32,
  s: v128,
  t: v128,
  d: v128,
  x: usize,
  scale: usize,
  totals: usize,
  sum: v128,
): v128 {
  const factor = v128.load32_splat(scale + ((<usize>k) << 1))
  sum = addSubBlock(w0, w1, w2, w3, k, half, s, d, factor, x, totals, sum)
  return addSubBlock(w0, w1, w2, w3, k + 1, half, t, d, factor, x, totals, sum)
}

@inline
function addSubBlock(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  half: i32,
  s: v128,
  d: v128,
  factor: v128,
  x: usize,
  totals: usize,
  sum: v128,
): v128 {
  const zero = v128.load32_splat(totals + ((<usize>k) << 2))
  const dots = i32x4.sub(dots16<Q6_K>(w0, w1, w2, w3, k, half, x + <usize>(16 * k) * DOT_BYTES), zero)
  return madd(f32x4.convert_i32x4_s(dots), f32x4.mul(f32x4.mul(d, f32x4.convert_i32x4_s(s)), factor), sum)
}

/**
 * Four rows in lanes, 32 columns a step: two sub-blocks' products times their scales are one integer; a super-block's
 * sum is multiplied with d. That is the order of `Q6_KPairTile`.
 */
@unmanaged
export class Q6_KPairs {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    let products = f32x4.splat(0)
    let totals = sums + halfTotals
    for (let half: i32 = 0; half < 2; half++, x += 128 * DOT_BYTES, scale += 16, totals += 32) {
      const at = SCALES + ((<usize>half) << 3)
      const a = words4(w0 + at, w1 + at, w2 + at, w3 + at)
      products = addTwo(w0, w1, w2, w3, 0, half, byte0(a), byte1(a), x, scale, totals, products)
      products = addTwo(w0, w1, w2, w3, 2, half, byte2(a), byte3(a), x, scale, totals, products)
      const b = words4(w0 + at + 4, w1 + at + 4, w2 + at + 4, w3 + at + 4)
      products = addTwo(w0, w1, w2, w3, 4, half, byte0(b), byte1(b), x, scale, totals, products)
      products = addTwo(w0, w1, w2, w3, 6, half, byte2(b), byte3(b), x, scale, totals, products)
    }
    return madd(smallHalves4(w0 + SCALE, w1 + SCALE, w2 + SCALE, w3 + SCALE), products, sum)
  }
}

/** Sub-blocks k and k + 1 of a half, with the scales `s` and `t`. */
@inline
function addTwo(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  half: i32,
  s: v128,
  t: v128,
  x: usize,
  scale: usize,
  totals: usize,
  sum: v128,
): v128 {
  const first = dotsLess(w0, w1, w2, w3, k, half, x, totals)
  const second = dotsLess(w0, w1, w2, w3, k + 1, half, x, totals)
  const dots = i32x4.add(i32x4.mul(first, s), i32x4.mul(second, t))
  const factor = v128.load32_splat(scale + ((<usize>k) << 1))
  return madd(f32x4.convert_i32x4_s(dots), factor, sum)
}

@inline
function dotsLess(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, half: i32, x: usize, totals: usize): v128 {
  const dots = dots16<Q6_K>(w0, w1, w2, w3, k, half, x + <usize>(16 * k) * DOT_BYTES)
  return i32x4.sub(dots, v128.load32_splat(totals + ((<usize>k) << 2)))
}

@inline
function join(low: v128, high: v128): v128 {
  return i8x16.sub(
    v128.or(v128.and(low, i32x4.splat(0x0f0f0f0f)), v128.and(high, i32x4.splat(0x30303030))),
    i32x4.splat(0x20202020),
  )
}

@inline
function dotWeights(low: usize, high: usize, x: usize, scales: v128): v128 {
  const l0 = v128.load(low)
  const l1 = v128.load(low + 32)
  const h = v128.load(high)
  return dotColumn(
    join(l0, i16x8.shl(h, 4)),
    join(l1, i16x8.shl(h, 2)),
    join(i16x8.shr_u(l0, 4), h),
    join(i16x8.shr_u(l1, 4), i16x8.shr_u(h, 2)),
    x,
    scales,
  )
}

@unmanaged
export class Q6_KLanes {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }

  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let total: f32 = 0
    for (const end = scales; x < end; ) {
      let sum0 = f32x4.splat(0)
      let sum1 = f32x4.splat(0)
      for (const chunk = min(end, x + 2 * <usize>CHUNK); x < chunk; w += BYTES) {
        const d = f32x4.splat(loadSmallF16(w + SCALE))
        let low = w
        let high = w + HIGH_BITS
        for (let s = w + SCALES; s < w + SCALE; s += 8, low += 64, high += 32, x += 256, scales += 16) {
          const bytes = v128.load16x4_s(s)
          const scale = v128.load(scales)
          const even = f32x4.mul(f32x4.mul(d, evenBytes(bytes)), scale)
          sum0 = f32x4.add(sum0, dotWeights(low, high, x, even))
          const odd = f32x4.mul(f32x4.mul(d, oddBytes(bytes)), scale)
          sum1 = f32x4.add(sum1, dotWeights(low + 16, high + 16, x + 32, odd))
        }
      }
      total += sumF32x4(f32x4.add(sum0, sum1))
    }
    return total
  }
}
