import { loadFiniteF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { dotUnsignedBytes, lane0, lane1, nextPair, scaled, storeScaledPlus } from './bytes'
import { dotMinimums, minimums0, minimums4, scales0, scales4 } from './k_scales'

const BYTES: usize = 144
/** Where the packed scales and the quants begin in a block. */
const SCALES: usize = 4
const QUANTS: usize = 16

/**
 * 256 quants of 4 bits in eight sub-blocks of 32, each with a 6-bit scale s and minimum m: w = d s q - dmin m.
 * Layout: d, dmin (f16), packed scales (12 bytes, see k_scales.ts), four times 32 bytes whose low nibbles are one
 * sub-block and high nibbles the next. Source: block_q4_K in ggml-common.h.
 */
@unmanaged
export class Q4_K {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 0
  }
  @inline get minimums(): bool {
    return true
  }

  /** Rounds as ggml does: scale and minimum, their products with d and dmin, the product with q, the difference. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadFiniteF16(w))
      const dmin = f32x4.splat(-loadFiniteF16(w + 2))
      let scales = f32x4.mul(d, scales0(w + SCALES))
      let nextScales = f32x4.mul(d, scales4(w + SCALES))
      let offsets = f32x4.mul(dmin, minimums0(w + SCALES))
      let nextOffsets = f32x4.mul(dmin, minimums4(w + SCALES))
      for (let q = w + QUANTS; q < w + BYTES; q += 32, out += 256) {
        const q0 = v128.load(q)
        const q1 = v128.load(q + 16)
        storeScaledPlus(out, even(q0), lane0(scales), lane0(offsets))
        storeScaledPlus(out + 64, even(q1), lane0(scales), lane0(offsets))
        storeScaledPlus(out + 128, odd(q0), lane1(scales), lane1(offsets))
        storeScaledPlus(out + 192, odd(q1), lane1(scales), lane1(offsets))
        scales = nextPair(scales, nextScales)
        offsets = nextPair(offsets, nextOffsets)
        nextScales = nextPair(nextScales, nextScales)
        nextOffsets = nextPair(nextOffsets, nextOffsets)
      }
    }
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES, scales += 32, minimums += 32) {
      const d = f32x4.splat(loadFiniteF16(w))
      const dmin = f32x4.splat(-loadFiniteF16(w + 2))
      v128.store(scales, f32x4.mul(d, scales0(w + SCALES)))
      v128.store(scales, f32x4.mul(d, scales4(w + SCALES)), 16)
      v128.store(minimums, f32x4.mul(dmin, minimums0(w + SCALES)))
      v128.store(minimums, f32x4.mul(dmin, minimums4(w + SCALES)), 16)
      for (let q = w + QUANTS; q < w + BYTES; q += 32, quants += 64) {
        const q0 = v128.load(q)
        const q1 = v128.load(q + 16)
        v128.store(quants, even(q0))
        v128.store(quants, even(q1), 16)
        v128.store(quants, odd(q0), 32)
        v128.store(quants, odd(q1), 48)
      }
    }
  }

  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sums = scales + ((<usize>n) >> 3)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>n) << 1); x < end; w += BYTES, scales += 32, sums += 64) {
      const d = f32x4.splat(loadFiniteF16(w))
      let scale = f32x4.mul(f32x4.mul(d, scales0(w + SCALES)), v128.load(scales))
      let nextScale = f32x4.mul(f32x4.mul(d, scales4(w + SCALES)), v128.load(scales + 16))
      sum0 = f32x4.sub(sum0, f32x4.mul(f32x4.splat(loadFiniteF16(w + 2)), dotMinimums(w + SCALES, sums)))
      for (let q = w + QUANTS; q < w + BYTES; q += 32, x += 128) {
        const q0 = v128.load(q)
        const q1 = v128.load(q + 16)
        const dot0 = i32x4.add(dotUnsignedBytes(even(q0), x), dotUnsignedBytes(even(q1), x + 32))
        const dot1 = i32x4.add(dotUnsignedBytes(odd(q0), x + 64), dotUnsignedBytes(odd(q1), x + 96))
        sum0 = f32x4.add(sum0, scaled(dot0, lane0(scale)))
        sum1 = f32x4.add(sum1, scaled(dot1, lane1(scale)))
        scale = nextPair(scale, nextScale)
        nextScale = nextPair(nextScale, nextScale)
      }
    }
    return sumF32x4(f32x4.add(sum0, sum1))
  }
}

/** Quants of an even sub-block: the low nibbles. */
@inline
function even(q: v128): v128 {
  return v128.and(q, i32x4.splat(0x0f0f0f0f))
}

/** Quants of the odd sub-block after it: the high nibbles. */
@inline
function odd(q: v128): v128 {
  return v128.and(i16x8.shr_u(q, 4), i32x4.splat(0x0f0f0f0f))
}
