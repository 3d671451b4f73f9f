import { constant } from '../math/constants'
import { Steps } from './steps'

const BYTES_03 = memory.data<u32>([0x03030303])

/**
 * 64 quants of 2 bits under one half-precision scale `d`: w = d × (q - 1).
 * Layout: d (f16), 16 bytes of four neighbouring quants each, the first in the lowest bits. Source: block_q2_0 in ggml-common.h.
 */
@unmanaged
export class Q2_0 extends Steps<Q2_0> {
  @inline get elements(): i32 {
    return 64
  }
  @inline get bytes(): i32 {
    return 18
  }
  @inline get scaleAt(): usize {
    return 0
  }

  /** Without subtracting 1. */
  @inline quants(k: i32, step: i32): v128 {
    const q = v128.load64_zero(changetype<usize>(this) + 2 + ((<usize>step) << 3))
    const mask = constant(BYTES_03)
    const first = interleave(v128.and(q, mask), v128.and(i16x8.shr_u(q, 2), mask))
    const last = interleave(v128.and(i16x8.shr_u(q, 4), mask), v128.and(i16x8.shr_u(q, 6), mask))
    return k
      ? v128.shuffle<i16>(first, last, 4, 12, 5, 13, 6, 14, 7, 15)
      : v128.shuffle<i16>(first, last, 0, 8, 1, 9, 2, 10, 3, 11)
  }
}

/** The first eight bytes of two vectors, alternating. */
@inline
function interleave(a: v128, b: v128): v128 {
  return v128.shuffle<i8>(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
}
