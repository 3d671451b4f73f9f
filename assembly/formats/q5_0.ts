import { loadFiniteF16 } from '../math/f16'
import { spreadHigh, spreadLow } from './bits'
import { dequantizeBlocks, dotBlocks, unpackBlocks } from './blocks'
import { dotBytes, scaled, storeScaled } from './bytes'

/**
 * 32 quants of 5 bits under one half-precision scale `d`: w = d × (q - 16).
 * Layout: d (f16), the fifth bits (u32, bit i for element i), 16 bytes whose low nibbles are elements 0…15 and high
 * nibbles 16…31. Source: block_q5_0 in ggml-common.h.
 */
@unmanaged
export class Q5_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 22
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 16
  }
  @inline get minimums(): bool {
    return false
  }

  /** q - 16 of elements 0…15: the nibble where the fifth bit is set, with 0xf0 above it (16 less) where not. */
  @inline private low(): v128 {
    const w = changetype<usize>(this)
    const nibbles = v128.and(v128.load(w + 6), i32x4.splat(0x0f0f0f0f))
    return v128.or(nibbles, v128.andnot(i32x4.splat(0xf0f0f0f0), spreadLow(w + 2)))
  }

  @inline private high(): v128 {
    const w = changetype<usize>(this)
    const nibbles = v128.and(i16x8.shr_u(v128.load(w + 6), 4), i32x4.splat(0x0f0f0f0f))
    return v128.or(nibbles, v128.andnot(i32x4.splat(0xf0f0f0f0), spreadHigh(w + 2)))
  }

  @inline dequantizeBlock(out: usize): void {
    const scale = f32x4.splat(loadFiniteF16(changetype<usize>(this)))
    storeScaled(out, this.low(), scale)
    storeScaled(out + 64, this.high(), scale)
  }

  @inline blockDot(x: usize, scales: usize, _sums: usize): v128 {
    const dot = i32x4.add(dotBytes(this.low(), x), dotBytes(this.high(), x + 32))
    return scaled(dot, f32x4.splat(loadFiniteF16(changetype<usize>(this)) * load<f32>(scales)))
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    const sixteen = i8x16.splat(16)
    v128.store(quants, i8x16.add(this.low(), sixteen))
    v128.store(quants, i8x16.add(this.high(), sixteen), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q5_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q5_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotBlocks<Q5_0>(changetype<usize>(this), x, n)
  }
}
