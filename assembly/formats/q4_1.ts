import { BYTES_0F, constant } from '../math/constants'
import { MinimumBlocks } from './blocks'

/**
 * 32 quants of 4 bits, a half-precision scale `d` and minimum `m`: w = d × q + m.
 * Layout: d, m (f16), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_q4_1 in ggml-common.h.
 */
@unmanaged
export class Q4_1 extends MinimumBlocks<Q4_1> {
  @inline get bytes(): i32 {
    return 20
  }
  @inline get bits(): i32 {
    return 4
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    const q = v128.load(changetype<usize>(this) + 4)
    return v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }
}
