import { DOT_BYTES } from '../activations'
import { BYTES_0F, constant } from '../math/constants'
import { loadFiniteF16 } from '../math/f16'
import { fifthBits } from './bits'
import { dequantizeBlocks, addBlocks, unpackBlocks } from './blocks'
import { storeScaled } from './bytes'
import { halves4 } from './rows'

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
  @inline get bits(): i32 {
    return 5
  }

  /** Without subtracting 16. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    const w = changetype<usize>(this)
    const q = v128.load(w + 6)
    return v128.or(v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F)), fifthBits(w + 2, k))
  }

  @inline scales4(w1: usize, w2: usize, w3: usize): v128 {
    return halves4(changetype<usize>(this), w1, w2, w3)
  }

  @inline dequantizeBlock(out: usize): void {
    const scale = f32x4.splat(loadFiniteF16(changetype<usize>(this)))
    storeScaled(out, i8x16.sub(this.quants(0), i8x16.splat(16)), scale)
    storeScaled(out + 64, i8x16.sub(this.quants(1), i8x16.splat(16)), scale)
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    v128.store(quants, this.quants(0))
    v128.store(quants, this.quants(1), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q5_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q5_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    return addBlocks<Q5_0>(changetype<usize>(this), w1, w2, w3, x, scale, total, sum)
  }
}
