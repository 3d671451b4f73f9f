import { loadFiniteF16 } from '../math/f16'
import { dequantizeBlocks, dotBlocks, unpackBlocks } from './blocks'
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

  /** Widening as part of the load is a little faster than `dotBytes`. A lane sums 8 products below 2^22. */
  @inline blockDot(x: usize, scales: usize, _sums: usize): v128 {
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

  dot(x: usize, n: i32): f32 {
    return dotBlocks<Q8_0>(changetype<usize>(this), x, n)
  }
}
