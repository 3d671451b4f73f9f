import { constant } from '../math/constants'
import { Steps } from './steps'

/** Offset of the last 4 bytes. */
const LAST: usize = 48
/** 3^n for each sixteen elements, the last sixteen excepted, as 16 bits; and for those. */
const POWERS = memory.data<u16>([1, 1, 3, 3, 9, 9, 27, 27, 81, 81, 1, 3, 9, 27, 81])
const LAST_POWERS = memory.data<u16>([1, 1, 3, 3, 9, 9, 27, 27], 16)
const LOW_BYTES = memory.data<u32>([0x00ff00ff])
/** The least that exceeds 256 and 512 when it is multiplied with 3. */
const ONE = memory.data<u32>([0x56565656])
const TWO = memory.data<u32>([0xabababab])

/**
 * 256 digits of base 3 under one half-precision scale `d`: w = d × (q - 1). A byte v holds five: digit n is what exceeds 256
 * in 3 (3^n v mod 256). Layout: 32 bytes with elements 32 n + i, 16 bytes with elements 160 + 16 n + i, 4 bytes with
 * elements 240 + 4 n + i (four digits each), d (f16). Source: block_tq1_0 in ggml-common.h.
 */
@unmanaged
export class TQ1_0 extends Steps<TQ1_0> {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return 54
  }
  @inline get scaleAt(): usize {
    return 52
  }

  /** Without subtracting 1. */
  @inline quants(k: i32, step: i32): v128 {
    const w = changetype<usize>(this)
    if (k == 1 && step == 7) return digits(v128.load32_splat(w + LAST), v128.load(LAST_POWERS))
    const from = step < 5 ? (<usize>k) << 4 : 32
    return digits(v128.load(w + from), v128.load16_splat(POWERS + ((<usize>step) << 2) + ((<usize>k) << 1)))
  }
}

/** The digits of sixteen bytes that a multiplication with `powers`, which have 16 bits, brings to the top. */
@inline
function digits(bytes: v128, powers: v128): v128 {
  const low = constant(LOW_BYTES)
  const product = v128.or(
    v128.and(i16x8.mul(bytes, powers), low),
    i16x8.mul(v128.andnot(bytes, low), powers),
  )
  const one = i8x16.ge_u(product, constant(ONE))
  const two = i8x16.ge_u(product, constant(TWO))
  return i8x16.neg(i8x16.add(one, two))
}
