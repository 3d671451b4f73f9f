import { constant } from '../math/constants'
import { lookUp } from './codebook'
import { Steps } from './steps'

/** Indices of the byte that holds the bit of each of sixteen elements. */
const BYTE = memory.data<u8>([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1], 16)
/** The bit within it. */
const BIT = memory.data<u64>([0x8040201008040201])
/** The larger of the two quants. */
const TWO = memory.data<u32>([0x02020202])

/**
 * 128 signs under one half-precision scale `d`: w = d where the bit is set, otherwise -d.
 * Layout: d (f16), the bits of the elements, the first in the lowest bit (16 bytes). Source: block_q1_0 in ggml-common.h.
 */
@unmanaged
export class Q1_0 extends Steps<Q1_0> {
  @inline get elements(): i32 {
    return 128
  }
  @inline get bytes(): i32 {
    return 18
  }
  @inline get scaleAt(): usize {
    return 0
  }

  /** Two where the bit is set, otherwise zero. */
  @inline quants(k: i32, step: i32): v128 {
    const bytes = v128.load16_splat(changetype<usize>(this) + 2 + ((<usize>step) << 2) + ((<usize>k) << 1))
    const bits = v128.load64_splat(BIT)
    const set = i8x16.eq(v128.and(lookUp(bytes, v128.load(BYTE)), bits), bits)
    return v128.and(set, constant(TWO))
  }
}
