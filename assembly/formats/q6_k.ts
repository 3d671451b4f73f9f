import { DOT_BYTES } from '../activations'
import { BYTES_0F, BYTES_30, constant } from '../math/constants'
import { loadSmallF16 } from '../math/f16'
import { madd, sumF32x4 } from '../math/lanes'
import { storeScaled } from './bytes'
import { dotColumn, evenBytes, oddBytes, storeColumn } from './columns'
import { byte0, byte1, byte2, byte3, dots16, smallHalves4, words4 } from './rows'

const BYTES: usize = 210
/** Where the parts of a block begin. */
const HIGH_BITS: usize = 128
const SCALES: usize = 192
const SCALE: usize = 208

/**
 * 256 quants of 6 bits in 16 sub-blocks of 16, each with a signed byte s as scale: w = d s (q - 32).
 * Layout: low 4 bits (128 bytes), high 2 bits (64 bytes), scales (i8[16]), d (f16); each half of 128 quants takes one
 * half of the bits' bytes. Source: block_q6_K in ggml-common.h.
 */
@unmanaged
export class Q6_K {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 16
  }
  @inline get zero(): i32 {
    return 32
  }
  @inline get minimums(): bool {
    return false
  }

  @inline get bits(): i32 {
    return 6
  }

  /** Of a half, which the pointer is moved to by `half` 64ths: sub-block k, without the - 32. */
  @inline quants(k: i32, half: i32): v128 {
    const w = changetype<usize>(this) + ((<usize>(k & 1)) << 4)
    const l = v128.load(w + ((<usize>half) << 6) + ((<usize>(k & 2)) << 4))
    const h = v128.load(w + ((<usize>half) << 5) + HIGH_BITS)
    const by = 4 - (k & 6)
    return v128.or(
      v128.and(k & 4 ? i16x8.shr_u(l, 4) : l, constant(BYTES_0F)),
      v128.and(by > 0 ? i16x8.shl(h, by) : by < 0 ? i16x8.shr_u(h, -by) : h, constant(BYTES_30)),
    )
  }

  /** Rounds as ggml does: d × s, then that times q. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      let low = w
      let high = w + HIGH_BITS
      for (let s = w + SCALES; s < w + SCALE; s += 8, low += 64, high += 32, out += 512) {
        const bytes = v128.load16x4_s(s)
        storeWeights(low, high, out, f32x4.mul(d, evenBytes(bytes)))
        storeWeights(low + 16, high + 16, out + 64, f32x4.mul(d, oddBytes(bytes)))
      }
    }
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES, scales += 64) {
      storeScaled(scales, v128.load(w + SCALES), f32x4.splat(loadSmallF16(w + SCALE)))
      let high = w + HIGH_BITS
      for (let low = w; low < w + HIGH_BITS; low += 64, high += 32, quants += 128) {
        unpackColumn(low, high, quants)
        unpackColumn(low + 16, high + 16, quants + 16)
      }
    }
  }

  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>n) << 1); x < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      let low = w
      let high = w + HIGH_BITS
      for (let s = w + SCALES; s < w + SCALE; s += 8, low += 64, high += 32, x += 256, scales += 16) {
        const bytes = v128.load16x4_s(s)
        const scale = f32x4.mul(d, v128.load(scales))
        sum0 = f32x4.add(sum0, dotWeights(low, high, x, f32x4.mul(scale, evenBytes(bytes))))
        sum1 = f32x4.add(sum1, dotWeights(low + 16, high + 16, x + 32, f32x4.mul(scale, oddBytes(bytes))))
      }
    }
    return sumF32x4(f32x4.add(sum0, sum1))
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  /** Of the relaxed build. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    let products = f32x4.splat(0)
    let offset = f32x4.splat(0)
    for (let half: i32 = 0; half < 2; half++, x += 128, scale += 16, sums += 32) {
      const at = SCALES + ((<usize>half) << 3)
      const a = words4(w0 + at, w1 + at, w2 + at, w3 + at)
      const b = words4(w0 + at + 4, w1 + at + 4, w2 + at + 4, w3 + at + 4)
      products = addPair(w0, w1, w2, w3, 0, half, byte0(a), byte1(a), x, scale, products)
      products = addPair(w0, w1, w2, w3, 2, half, byte2(a), byte3(a), x + 32, scale + 4, products)
      products = addPair(w0, w1, w2, w3, 4, half, byte0(b), byte1(b), x + 64, scale + 8, products)
      products = addPair(w0, w1, w2, w3, 6, half, byte2(b), byte3(b), x + 96, scale + 12, products)
      offset = addOffsets(byte0(a), byte1(a), sums, offset)
      offset = addOffsets(byte2(a), byte3(a), sums + 8, offset)
      offset = addOffsets(byte0(b), byte1(b), sums + 16, offset)
      offset = addOffsets(byte2(b), byte3(b), sums + 24, offset)
    }
    const d = smallHalves4(w0 + SCALE, w1 + SCALE, w2 + SCALE, w3 + SCALE)
    return madd(d, f32x4.sub(products, f32x4.mul(offset, f32x4.splat(32))), sum)
  }
}

/** Adds the products of sub-blocks k and k + 1 with 32 activations, under the signed bytes `s` and `t` as scales. */
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
  x: usize,
  scale: usize,
  sum: v128,
): v128 {
  const dots = i32x4.add(
    i32x4.mul(dots16<Q6_K>(w0, w1, w2, w3, k, half, x), s),
    i32x4.mul(dots16<Q6_K>(w0, w1, w2, w3, k + 1, half, x + 16), t),
  )
  return madd(f32x4.convert_i32x4_s(dots), v128.load32_splat(scale), sum)
}

/** Two scales times the sums of their sub-blocks' activations, added to `offset`. */
@inline
function addOffsets(s: v128, t: v128, sums: usize, offset: v128): v128 {
  offset = madd(f32x4.convert_i32x4_s(s), v128.load32_splat(sums), offset)
  return madd(f32x4.convert_i32x4_s(t), v128.load32_splat(sums + 4), offset)
}

/** 16 quants, from the low nibbles of `low` and two bits at 4 and 5 of `high`. */
@inline
function quants(low: v128, high: v128): v128 {
  return v128.or(v128.and(low, i32x4.splat(0x0f0f0f0f)), v128.and(high, i32x4.splat(0x30303030)))
}

/** The same less 32. */
@inline
function join(low: v128, high: v128): v128 {
  return i8x16.sub(quants(low, high), i32x4.splat(0x20202020))
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

@inline
function storeWeights(low: usize, high: usize, out: usize, scales: v128): void {
  const l0 = v128.load(low)
  const l1 = v128.load(low + 32)
  const h = v128.load(high)
  storeColumn(
    out,
    join(l0, i16x8.shl(h, 4)),
    join(l1, i16x8.shl(h, 2)),
    join(i16x8.shr_u(l0, 4), h),
    join(i16x8.shr_u(l1, 4), i16x8.shr_u(h, 2)),
    scales,
  )
}

@inline
function unpackColumn(low: usize, high: usize, out: usize): void {
  const l0 = v128.load(low)
  const l1 = v128.load(low + 32)
  const h = v128.load(high)
  v128.store(out, quants(l0, i16x8.shl(h, 4)))
  v128.store(out, quants(l1, i16x8.shl(h, 2)), 32)
  v128.store(out, quants(i16x8.shr_u(l0, 4), h), 64)
  v128.store(out, quants(i16x8.shr_u(l1, 4), i16x8.shr_u(h, 2)), 96)
}
