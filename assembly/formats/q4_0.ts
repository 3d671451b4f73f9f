import { loadFiniteF16 } from '../math/f16'
import { dequantizeBlocks, dotBlocks, unpackBlocks } from './blocks'
import { scaled, storeScaled } from './bytes'

/**
 * 32 quants of 4 bits under one half-precision scale `d`: w = d × (q - 8).
 * Layout: d (f16), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_q4_0 in ggml-common.h.
 */
@unmanaged
export class Q4_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 18
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 8
  }
  @inline get minimums(): bool {
    return false
  }

  /** Elements 0…15, without the - 8. */
  @inline private low(): v128 {
    return v128.and(v128.load(changetype<usize>(this) + 2), i32x4.splat(0x0f0f0f0f))
  }

  @inline private high(): v128 {
    return v128.and(i16x8.shr_u(v128.load(changetype<usize>(this) + 2), 4), i32x4.splat(0x0f0f0f0f))
  }

  @inline dequantizeBlock(out: usize): void {
    const scale = f32x4.splat(loadFiniteF16(changetype<usize>(this)))
    storeScaled(out, i8x16.sub(this.low(), i8x16.splat(8)), scale)
    storeScaled(out + 64, i8x16.sub(this.high(), i8x16.splat(8)), scale)
  }

  /** Taking 8 away after widening lets the widening be the cheaper one, of unsigned bytes. No lane can overflow. */
  @inline blockDot(x: usize, scales: usize, _sums: usize): v128 {
    const dot = i32x4.add(dotNibbles(this.low(), x), dotNibbles(this.high(), x + 32))
    return scaled(dot, f32x4.splat(loadFiniteF16(changetype<usize>(this)) * load<f32>(scales)))
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    v128.store(quants, this.low())
    v128.store(quants, this.high(), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q4_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q4_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotBlocks<Q4_0>(changetype<usize>(this), x, n)
  }
}

@inline
function dotNibbles(q: v128, x: usize): v128 {
  const eight = i16x8.splat(8)
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.sub(i16x8.extend_low_i8x16_u(q), eight), v128.load(x)),
    i32x4.dot_i16x8_s(i16x8.sub(i16x8.extend_high_i8x16_u(q), eight), v128.load(x + 16)),
  )
}
