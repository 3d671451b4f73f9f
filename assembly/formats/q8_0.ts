import { loadFiniteF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { dequantizeBlocks, unpackBlocks } from './blocks'
import { scaled, storeScaled } from './bytes'

/**
 * 32 signed bytes under one half-precision scale `d`: w = d × q.
 * Layout: d (f16), q (i8[32]). Source: block_q8_0 in ggml-common.h.
 */
@unmanaged
export class Q8_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 34
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 0
  }
  @inline get minimums(): bool {
    return false
  }

  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    storeScaled(out, v128.load(w + 2), scale)
    storeScaled(out + 64, v128.load(w + 18), scale)
  }

  /** A block's dot product in four lanes, each the sum of 8 products below 2^22. */
  @inline private blockDot(x: usize, scales: usize): v128 {
    const w = changetype<usize>(this)
    const dot0 = i32x4.dot_i16x8_s(v128.load8x8_s(w + 2), v128.load(x))
    const dot1 = i32x4.dot_i16x8_s(v128.load8x8_s(w + 10), v128.load(x + 16))
    const dot2 = i32x4.dot_i16x8_s(v128.load8x8_s(w + 18), v128.load(x + 32))
    const dot3 = i32x4.dot_i16x8_s(v128.load8x8_s(w + 26), v128.load(x + 48))
    const dot = i32x4.add(i32x4.add(dot0, dot1), i32x4.add(dot2, dot3))
    return scaled(dot, f32x4.splat(loadFiniteF16(w) * load<f32>(scales)))
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    const w = changetype<usize>(this)
    v128.store(quants, v128.load(w + 2))
    v128.store(quants, v128.load(w + 18), 16)
    store<f32>(scales, loadFiniteF16(w))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q8_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q8_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  /** Two blocks a step with a sum each: more make V8 spill registers. */
  dot(x: usize, n: i32): f32 {
    let row = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>(n & ~63)) << 1); x < end; x += 128, scales += 8) {
      sum0 = f32x4.add(sum0, changetype<Q8_0>(row).blockDot(x, scales))
      sum1 = f32x4.add(sum1, changetype<Q8_0>(row + 34).blockDot(x + 64, scales + 4))
      row += 68
    }
    if (n & 32) sum0 = f32x4.add(sum0, changetype<Q8_0>(row).blockDot(x, scales))
    return sumF32x4(f32x4.add(sum0, sum1))
  }
}
