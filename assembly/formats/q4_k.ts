import { DOT_BYTES } from '../activations'
import { BYTES_0F, constant } from '../math/constants'
import { dequantizeSuperBlocks, dotSuperBlockRow, addSuperBlocks, unpackSuperBlocks } from './super_blocks'

const BYTES: usize = 144
/** Where the quants begin in a block. */
const QUANTS: usize = 16

/**
 * 256 quants of 4 bits in eight sub-blocks of 32, each with a 6-bit scale s and minimum m: w = d s q - dmin m.
 * Layout: d, dmin (f16), packed scales (12 bytes, see k_scales.ts), four times 32 bytes whose low nibbles are one
 * sub-block and high nibbles the next. Source: block_q4_K in ggml-common.h.
 */
@unmanaged
export class Q4_K {
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
    return 4
  }

  /** Of a pair of sub-blocks: two of the low nibbles, then two of the high ones. */
  @inline quants(k: i32, pair: i32): v128 {
    const q = v128.load(changetype<usize>(this) + QUANTS + ((<usize>pair) << 5) + ((<usize>(k & 1)) << 4))
    return v128.and(k & 2 ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }

  dequantize(out: usize, n: i32): void {
    dequantizeSuperBlocks<Q4_K>(changetype<usize>(this), out, n)
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    unpackSuperBlocks<Q4_K>(changetype<usize>(this), quants, scales, minimums, n)
  }

  dot(x: usize, n: i32): f32 {
    return dotSuperBlockRow<Q4_K>(changetype<usize>(this), x, n)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  /** Of the relaxed build. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    return addSuperBlocks<Q4_K>(changetype<usize>(this), w1, w2, w3, x, scale, sums, sum)
  }
}
