import { BYTES_0F, constant } from '../math/constants'
import { UnsignedBlocks } from './blocks'

/**
 * 32 quants of 4 bits under one half-precision scale `d`: w = d × (q - 8).
 * Layout: d (f16), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_q4_0 in ggml-common.h.
 */
@unmanaged
export class Q4_0 extends UnsignedBlocks<Q4_0> {
  @inline get bytes(): i32 {
    return 18
  }
  @inline get zero(): i32 {
    return 8
  }
  @inline get bits(): i32 {
    return 4
  }

  /** Without subtracting 8. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    const q = v128.load(changetype<usize>(this) + 2)
    return v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }
}
