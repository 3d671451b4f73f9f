import { loadFiniteF16 } from '../math/f16'
import { dequantizeBlocks, dotBlocks } from './blocks'
import { dotBytes, scaled, storeScaled } from './bytes'

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

  /** The quants come out 16 times too large, which makes up for it without a rounding. */
  @inline private scale(): f32 {
    return loadFiniteF16(changetype<usize>(this)) * 0.0625
  }

  /** 16 × (q - 8) of elements 0…15: a nibble less 8 is the nibble with its top bit flipped, as a signed number. */
  @inline private low(): v128 {
    const packed = v128.load(changetype<usize>(this) + 2)
    return v128.and(i16x8.shl(v128.xor(packed, i32x4.splat(0x88888888)), 4), i32x4.splat(0xf0f0f0f0))
  }

  @inline private high(): v128 {
    const packed = v128.load(changetype<usize>(this) + 2)
    return v128.and(v128.xor(packed, i32x4.splat(0x88888888)), i32x4.splat(0xf0f0f0f0))
  }

  @inline dequantizeBlock(out: usize): void {
    const scale = f32x4.splat(this.scale())
    storeScaled(out, this.low(), scale)
    storeScaled(out + 64, this.high(), scale)
  }

  @inline blockDot(x: usize, scales: usize, _sums: usize): v128 {
    const dot = i32x4.add(dotBytes(this.low(), x), dotBytes(this.high(), x + 32))
    return scaled(dot, f32x4.splat(this.scale() * load<f32>(scales)))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q4_0>(changetype<usize>(this), out, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotBlocks<Q4_0>(changetype<usize>(this), x, n)
  }
}
