import { loadFiniteF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { storeScaled } from './bytes'
import { dotColumn, evenBytes, oddBytes, storeColumn } from './columns'

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

  /** Rounds as ggml does: d × s, then that times q. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadFiniteF16(w + SCALE))
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
      storeScaled(scales, v128.load(w + SCALES), f32x4.splat(loadFiniteF16(w + SCALE)))
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
      const d = f32x4.splat(loadFiniteF16(w + SCALE))
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
