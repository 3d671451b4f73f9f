import { DOT_BYTES } from '../activations'
import { BYTES_0F, constant } from '../math/constants'
import { loadFiniteF16 } from '../math/f16'
import { fifthBits } from './bits'
import { dequantizeBlocks, addMinimumBlocks, unpackBlocks } from './blocks'
import { storeScaledPlus } from './bytes'

/**
 * 32 quants of 5 bits, a half-precision scale `d` and minimum `m`: w = d × q + m.
 * Layout: d, m (f16), the fifth bits (u32, bit i for element i), 16 bytes whose low nibbles are elements 0…15 and
 * high nibbles 16…31. Source: block_q5_1 in ggml-common.h.
 */
@unmanaged
export class Q5_1 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 24
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
  @inline get bits(): i32 {
    return 5
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    const w = changetype<usize>(this)
    const q = v128.load(w + 8)
    return v128.or(v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F)), fifthBits(w + 4, k))
  }

  @inline dequantizeBlock(out: usize): void {
    const w = changetype<usize>(this)
    const scale = f32x4.splat(loadFiniteF16(w))
    const minimum = f32x4.splat(loadFiniteF16(w + 2))
    storeScaledPlus(out, this.quants(0), scale, minimum)
    storeScaledPlus(out + 64, this.quants(1), scale, minimum)
  }

  @inline unpackBlock(quants: usize, scales: usize, minimums: usize): void {
    v128.store(quants, this.quants(0))
    v128.store(quants, this.quants(1), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
    store<f32>(minimums, loadFiniteF16(changetype<usize>(this) + 2))
  }

  /** Rounds as ggml does: after the product and after the sum. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q5_1>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q5_1>(changetype<usize>(this), quants, scales, minimums, n)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    return addMinimumBlocks<Q5_1>(changetype<usize>(this), w1, w2, w3, x, scale, sums, sum)
  }
}
