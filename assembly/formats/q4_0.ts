import { DOT_BYTES } from '../activations'
import { BYTES_0F, constant } from '../math/constants'
import { loadFiniteF16 } from '../math/f16'
import { dequantizeBlocks, addBlocks, unpackBlocks } from './blocks'
import { storeScaled } from './bytes'
import { halves4 } from './rows'

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
  @inline get bits(): i32 {
    return 4
  }

  /** Without subtracting 8. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    const q = v128.load(changetype<usize>(this) + 2)
    return v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }

  @inline scales4(w1: usize, w2: usize, w3: usize): v128 {
    return halves4(changetype<usize>(this), w1, w2, w3)
  }

  @inline dequantizeBlock(out: usize): void {
    const scale = f32x4.splat(loadFiniteF16(changetype<usize>(this)))
    storeScaled(out, i8x16.sub(this.quants(0), i8x16.splat(8)), scale)
    storeScaled(out + 64, i8x16.sub(this.quants(1), i8x16.splat(8)), scale)
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    v128.store(quants, this.quants(0))
    v128.store(quants, this.quants(1), 16)
    store<f32>(scales, loadFiniteF16(changetype<usize>(this)))
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    dequantizeBlocks<Q4_0>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackBlocks<Q4_0>(changetype<usize>(this), quants, scales, minimums, n)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    return addBlocks<Q4_0>(changetype<usize>(this), w1, w2, w3, x, scale, total, sum)
  }
}
