import { loadFiniteF16 } from '../math/f16'
import { dequantizeBlocks, dotBlocks, unpackBlocks } from './blocks'
import { dotUnsignedBytes, scaled, storeScaledPlus } from './bytes'

/**
 * 32 quants of 4 bits, a half-precision scale `d` and minimum `m`: w = d × q + m.
 * Layout: d, m (f16), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_q4_1 in ggml-common.h.
 */
@unmanaged
export class Q4_1 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 20
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

  @inline private low(): v128 {
    return v128.and(v128.load(changetype<usize>(this) + 4), i32x4.splat(0x0f0f0f0f))
  }

  @inline private high(): v128 {
    return v128.and(i16x8.shr_u(v128.load(changetype<usize>(this) + 4), 4), i32x4.splat(0x0f0f0f0f))
  }

  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    const minimum = f32x4.splat(loadFiniteF16(w + 2))
    storeScaledPlus(out, this.low(), scale, minimum)
    storeScaledPlus(out + 64, this.high(), scale, minimum)
  }

  @inline blockDot(x: usize, scales: usize, sums: usize): v128 {
    const w = changetype<usize>(this)
    const dot = i32x4.add(dotUnsignedBytes(this.low(), x), dotUnsignedBytes(this.high(), x + 32))
    const product = scaled(dot, f32x4.splat(loadFiniteF16(w) * load<f32>(scales)))
    // The minimum meets the sum of its activations: two sums a block, in the first two lanes.
    return f32x4.add(product, f32x4.mul(f32x4.splat(loadFiniteF16(w + 2)), v128.load64_zero(sums)))
  }

  @inline unpackBlock(quants: usize, scales: usize, minimums: usize): void {
    v128.store(quants, this.low())
    v128.store(quants, this.high(), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
    store<f32>(minimums, loadFiniteF16(changetype<usize>(this) + 2))
  }

  /** Rounds as ggml does: after the product and after the sum. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q4_1>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q4_1>(changetype<usize>(this), quants, scales, minimums, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotBlocks<Q4_1>(changetype<usize>(this), x, n)
  }
}
