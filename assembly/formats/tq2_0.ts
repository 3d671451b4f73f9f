import { constant } from '../math/constants'
import { Steps } from './steps'

const BYTES_03 = memory.data<u32>([0x03030303])

/**
 * 256 quants of 2 bits under one half-precision scale `d`: w = d × (q - 1).
 * Layout: two halves of 128 in 32 bytes each, bits 2 k of byte 32 h + i for element 128 h + 32 k + i; d (f16).
 * Source: block_tq2_0 in ggml-common.h.
 */
@unmanaged
export class TQ2_0 extends Steps<TQ2_0> {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return 66
  }
  @inline get scaleAt(): usize {
    return 64
  }

  /** Without subtracting 1. */
  @inline quants(k: i32, step: i32): v128 {
    const q = v128.load(changetype<usize>(this) + (<usize>(step & 4) << 3) + ((<usize>k) << 4))
    return v128.and(i16x8.shr_u(q, (step & 3) << 1), constant(BYTES_03))
  }
}
