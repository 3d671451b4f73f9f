/**
 * Loops for Q4_K and Q5_K: super-blocks of 256 that begin with d and dmin (f16) and 12 bytes of packed scales,
 * and have sub-blocks of 32.
 */
import { DOT_BYTES } from '../activations'
import { loadSmallF16 } from '../math/f16'
import { madd, sumF32x4 } from '../math/lanes'
import { lane0, lane1, lane2, lane3, scaled, storeScaledPlus } from './bytes'
import { minimums0, minimums4, scales0, scales4 } from './k_scales'
import { byte0, byte1, byte2, byte3, dots32, upperSmallHalves, words4 } from './rows'

/** From eight sums of 16 activations each at `sums`, four sums of 32. */
@inline
function pairSums(sums: usize): v128 {
  const a = v128.load(sums)
  const b = v128.load(sums + 16)
  return f32x4.add(v128.shuffle<i32>(a, b, 0, 2, 4, 6), v128.shuffle<i32>(a, b, 1, 3, 5, 7))
}

/** Four minimums, the bytes of `m`, times the sums of their sub-blocks' activations. */
@inline
export function dotMinimums(m: v128, sums: usize): v128 {
  const s = pairSums(sums)
  let sum = scaled(byte0(m), lane0(s))
  sum = madd(f32x4.convert_i32x4_s(byte1(m)), lane1(s), sum)
  sum = madd(f32x4.convert_i32x4_s(byte2(m)), lane2(s), sum)
  return madd(f32x4.convert_i32x4_s(byte3(m)), lane3(s), sum)
}

@inline
function upperLanes(v: v128): v128 {
  return v128.shuffle<i64>(v, v, 1, 1)
}

/** Two sub-blocks; their scales and offsets are in the first two lanes. */
@inline
function storePair<T>(w: usize, pair: i32, out: usize, scales: v128, offsets: v128): void {
  storeScaledPlus(out, changetype<T>(w).quants(0, pair), lane0(scales), lane0(offsets))
  storeScaledPlus(out + 64, changetype<T>(w).quants(1, pair), lane0(scales), lane0(offsets))
  storeScaledPlus(out + 128, changetype<T>(w).quants(2, pair), lane1(scales), lane1(offsets))
  storeScaledPlus(out + 192, changetype<T>(w).quants(3, pair), lane1(scales), lane1(offsets))
}

/** Four bytes of the first lane as f32. (The unsigned conversion is eight instructions on x64, the signed one is one.) */
@inline
function bytesToF32x4(v: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v)))
}

/** Rounds as ggml does: scale and minimum, their products with d and dmin, the product with q, the difference. */
@inline
export function dequantizeSuperBlocks<T>(w: usize, out: usize, n: i32): void {
  const bytes = changetype<T>(w).bytes
  for (const end = out + ((<usize>n) << 2); out < end; w += bytes) {
    const d = f32x4.splat(loadSmallF16(w))
    const dmin = f32x4.splat(-loadSmallF16(w + 2))
    const packed0 = v128.load32_zero(w + 4)
    const packed1 = v128.load32_zero(w + 8)
    const packed2 = v128.load32_zero(w + 12)
    let scales = f32x4.mul(d, bytesToF32x4(scales0(packed0)))
    let offsets = f32x4.mul(dmin, bytesToF32x4(minimums0(packed1)))
    const nextScales = f32x4.mul(d, bytesToF32x4(scales4(packed0, packed2)))
    const nextOffsets = f32x4.mul(dmin, bytesToF32x4(minimums4(packed1, packed2)))
    for (let pair = 0; pair < 4; pair += 2, out += 512) {
      storePair<T>(w, pair, out, scales, offsets)
      storePair<T>(w, pair + 1, out + 256, upperLanes(scales), upperLanes(offsets))
      scales = nextScales
      offsets = nextOffsets
    }
  }
}

/** Unpacks quants, one per byte, and the f32 scale and minimum of each sub-block. */
@inline
export function unpackSuperBlocks<T>(w: usize, quants: usize, scales: usize, minimums: usize, n: i32): void {
  const bytes = changetype<T>(w).bytes
  for (const end = quants + <usize>n; quants < end; w += bytes, scales += 32, minimums += 32) {
    const d = f32x4.splat(loadSmallF16(w))
    const dmin = f32x4.splat(-loadSmallF16(w + 2))
    const packed0 = v128.load32_zero(w + 4)
    const packed1 = v128.load32_zero(w + 8)
    const packed2 = v128.load32_zero(w + 12)
    v128.store(scales, f32x4.mul(d, bytesToF32x4(scales0(packed0))))
    v128.store(scales, f32x4.mul(d, bytesToF32x4(scales4(packed0, packed2))), 16)
    v128.store(minimums, f32x4.mul(dmin, bytesToF32x4(minimums0(packed1))))
    v128.store(minimums, f32x4.mul(dmin, bytesToF32x4(minimums4(packed1, packed2))), 16)
    for (let pair = 0; pair < 4; pair++, quants += 64) {
      v128.store(quants, changetype<T>(w).quants(0, pair))
      v128.store(quants, changetype<T>(w).quants(1, pair), 16)
      v128.store(quants, changetype<T>(w).quants(2, pair), 32)
      v128.store(quants, changetype<T>(w).quants(3, pair), 48)
    }
  }
}

/** Two sub-blocks' products with their activations, added to `sum`. */
@inline
function dotPair<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  pair: i32,
  s0: v128,
  s1: v128,
  x: usize,
  scales: usize,
  sum: v128,
): v128 {
  const dots0 = i32x4.mul(dots32<T>(w0, w1, w2, w3, 0, pair, x), s0)
  const dots1 = i32x4.mul(dots32<T>(w0, w1, w2, w3, 2, pair, x + 32 * DOT_BYTES), s1)
  sum = madd(f32x4.convert_i32x4_s(dots0), v128.load32_splat(scales), sum)
  return madd(f32x4.convert_i32x4_s(dots1), v128.load32_splat(scales + 4), sum)
}

/** Adds the products of four rows' super-blocks. */
@inline
export function addSuperBlocks<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scales: usize,
  sums: usize,
  sum: v128,
): v128 {
  const ds = words4(w0, w1, w2, w3)
  const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
  const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
  const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
  const minimums = f32x4.add(
    dotMinimums(minimums0(packed1), sums),
    dotMinimums(minimums4(packed1, packed2), sums + 32),
  )
  sum = f32x4.sub(sum, f32x4.mul(upperSmallHalves(ds), minimums))
  const s = scales0(packed0)
  const t = scales4(packed0, packed2)
  let products = dotPair<T>(w0, w1, w2, w3, 0, byte0(s), byte1(s), x, scales, f32x4.splat(0))
  products = dotPair<T>(w0, w1, w2, w3, 1, byte2(s), byte3(s), x + 64 * DOT_BYTES, scales + 8, products)
  products = dotPair<T>(w0, w1, w2, w3, 2, byte0(t), byte1(t), x + 128 * DOT_BYTES, scales + 16, products)
  products = dotPair<T>(w0, w1, w2, w3, 3, byte2(t), byte3(t), x + 192 * DOT_BYTES, scales + 24, products)
  return madd(upperSmallHalves(i32x4.shl(ds, 16)), products, sum)
}

/** Sixteen unsigned quants times sixteen 16-bit activations, in i32 lanes. */
@inline
function dotQuants(q: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(q), v128.load(x)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(q), v128.load(x + 16)),
  )
}

/** Lanes 2 and 3 of `v`, then 0 and 1 of `next`: what the next pair of sub-blocks takes. */
@inline
function nextPair(v: v128, next: v128): v128 {
  return v128.shuffle<i32>(v, next, 2, 3, 4, 5)
}

/**
 * Dot product of one row with 16-bit activations, for the baseline build: with four rows at a time Node 20 would run out of
 * registers.
 */
@inline
export function dotSuperBlockRow<T>(w: usize, x: usize, n: i32): f32 {
  const bytes = changetype<T>(w).bytes
  let scales = x + ((<usize>n) << 1)
  let sums = scales + ((<usize>n) >> 3)
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  for (const end = scales; x < end; w += bytes, scales += 32, sums += 64) {
    const d = f32x4.splat(loadSmallF16(w))
    const dmin = f32x4.splat(loadSmallF16(w + 2))
    const packed0 = v128.load32_zero(w + 4)
    const packed1 = v128.load32_zero(w + 8)
    const packed2 = v128.load32_zero(w + 12)
    let scale = f32x4.mul(f32x4.mul(d, bytesToF32x4(scales0(packed0))), v128.load(scales))
    let nextScale = f32x4.mul(f32x4.mul(d, bytesToF32x4(scales4(packed0, packed2))), v128.load(scales + 16))
    const minimums = f32x4.add(
      f32x4.mul(bytesToF32x4(minimums0(packed1)), pairSums(sums)),
      f32x4.mul(bytesToF32x4(minimums4(packed1, packed2)), pairSums(sums + 32)),
    )
    sum0 = f32x4.sub(sum0, f32x4.mul(dmin, minimums))
    for (let pair = 0; pair < 4; pair++, x += 128) {
      const q = changetype<T>(w)
      const dot0 = i32x4.add(dotQuants(q.quants(0, pair), x), dotQuants(q.quants(1, pair), x + 32))
      const dot1 = i32x4.add(dotQuants(q.quants(2, pair), x + 64), dotQuants(q.quants(3, pair), x + 96))
      sum0 = f32x4.add(sum0, scaled(dot0, lane0(scale)))
      sum1 = f32x4.add(sum1, scaled(dot1, lane1(scale)))
      scale = nextPair(scale, nextScale)
      nextScale = nextPair(nextScale, nextScale)
    }
  }
  return sumF32x4(f32x4.add(sum0, sum1))
}
