import { madd } from '../math/lanes'
import { ScaledBlocks, UnsignedBlocks } from './blocks'
import { scaled } from './bytes'
import { IQ4, lookUpNibbles, UNSIGNED_IQ4 } from './codebook'
import { halves4 } from './rows'
import { signedDots32 } from './signed_rows'

/**
 * 32 indices of 4 bits into IQ4 (codebook.ts) under one half-precision scale `d`: w = d × IQ4[q].
 * Layout: d (f16), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_iq4_nl in ggml-common.h.
 */
@unmanaged
export class IQ4_NL extends ScaledBlocks<IQ4_NL> {
  @inline get bytes(): i32 {
    return 18
  }
  @inline get zero(): i32 {
    return 0
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    return lookUpNibbles(IQ4, v128.load(changetype<usize>(this) + 2), k)
  }

  @inline get width(): usize {
    return 2
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const dots = signedDots32<IQ4_NL>(w0, w1, w2, w3, 0, x)
    return madd(scaled(dots, v128.load32_splat(scale)), halves4(w0, w1, w2, w3), sum)
  }
}

/** The same with 128 added to the values and 8-bit activations, for processors where `BYTE_DOTS` holds. */
@unmanaged
export class UnsignedIQ4_NL extends UnsignedBlocks<UnsignedIQ4_NL> {
  @inline get bytes(): i32 {
    return 18
  }
  @inline get zero(): i32 {
    return 128
  }
  @inline get bits(): i32 {
    return 8
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    return lookUpNibbles(UNSIGNED_IQ4, v128.load(changetype<usize>(this) + 2), k)
  }
}
