import { DOT_BYTES } from '../activations'
import { BYTE_BITS, BYTES_0F, BYTES_10, constant } from '../math/constants'
import { dequantizeSuperBlocks, dotSuperBlockRow, addSuperBlocks, unpackSuperBlocks } from './super_blocks'

const BYTES: usize = 176
/** Where the fifth bits and the quants begin in a block. */
const HIGH_BITS: usize = 16
const QUANTS: usize = 48

/**
 * 256 quants of 5 bits in eight sub-blocks of 32, each with a 6-bit scale s and minimum m: w = d s q - dmin m.
 * Layout: d, dmin (f16), packed scales (12 bytes, see k_scales.ts), fifth bits (32 bytes: bit k of byte i for element i
 * of sub-block k), low 4 bits (four times 32 bytes: low nibbles are one sub-block, high nibbles the next).
 * Source: block_q5_K in ggml-common.h.
 */
@unmanaged
export class Q5_K {
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
  @inline get bits(): i32 {
    return 5
  }

  /** Of a pair of sub-blocks: two of the low nibbles, then two of the high ones, each with its fifth bits. */
  @inline quants(k: i32, pair: i32): v128 {
    const w = changetype<usize>(this) + ((<usize>(k & 1)) << 4)
    const q = v128.load(w + QUANTS + ((<usize>pair) << 5))
    const by = 4 - 2 * pair - (k >> 1)
    const high = v128.load(w + HIGH_BITS)
    return v128.or(
      v128.and(k & 2 ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F)),
      v128.and(by > 0 ? i16x8.shl(high, by) : i16x8.shr_u(high, -by), constant(BYTES_10)),
    )
  }

  dequantize(out: usize, n: i32): void {
    dequantizeSuperBlocks<Q5_K>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackSuperBlocks<Q5_K>(changetype<usize>(this), quants, scales, minimums, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotSuperBlockRow<Q5_K>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  /** Of the relaxed build. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    return addSuperBlocks<Q5_K>(changetype<usize>(this), w1, w2, w3, x, scale, sums, sum)
  }
}
