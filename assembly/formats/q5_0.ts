import { BYTES_0F, constant } from '../math/constants'
import { fifthBits } from './bits'
import { UnsignedBlocks } from './blocks'

/**
 * 32 quants of 5 bits under one half-precision scale `d`: w = d × (q - 16).
 * Layout: d (f16), the fifth bits (u32, bit i for element i), 16 bytes whose low nibbles are elements 0…15 and high
 * nibbles 16…31. Source: block_q5_0 in ggml-common.h.
 */
@unmanaged
export class Q5_0 extends UnsignedBlocks<Q5_0> {
  @inline get bytes(): i32 {
    return 22
  }
  @inline get zero(): i32 {
    return 16
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
}
