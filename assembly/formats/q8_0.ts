import { BYTES_80, constant } from '../math/constants'
import { madd } from '../math/lanes'
import { ScaledBlocks, UnsignedBlocks } from './blocks'
import { scaled } from './bytes'
import { halves4, sumsI32x4 } from './rows'

/**
 * 32 signed bytes under one half-precision scale `d`: w = d × q.
 * Layout: d (f16), q (i8[32]). Source: block_q8_0 in ggml-common.h.
 */
@unmanaged
export class Q8_0 extends ScaledBlocks<Q8_0> {
  @inline get bytes(): i32 {
    return 34
  }
  @inline get zero(): i32 {
    return 0
  }

  @inline get width(): usize {
    return 2
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    return v128.load(changetype<usize>(this) + 2 + ((<usize>k) << 4))
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const x0 = v128.load(x)
    const x1 = v128.load(x, 16)
    const x2 = v128.load(x, 32)
    const x3 = v128.load(x, 48)
    const dots = sumsI32x4(
      dotBlock(w0, x0, x1, x2, x3),
      dotBlock(w1, x0, x1, x2, x3),
      dotBlock(w2, x0, x1, x2, x3),
      dotBlock(w3, x0, x1, x2, x3),
    )
    return madd(scaled(dots, v128.load32_splat(scale)), halves4(w0, w1, w2, w3), sum)
  }
}

/** A block times 32 activations of 16 bits, in four lanes, each the sum of 8 products below 2^22. */
@inline
function dotBlock(w: usize, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  return i32x4.add(
    i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w + 2), x0), i32x4.dot_i16x8_s(v128.load8x8_s(w + 10), x1)),
    i32x4.add(i32x4.dot_i16x8_s(v128.load8x8_s(w + 18), x2), i32x4.dot_i16x8_s(v128.load8x8_s(w + 26), x3)),
  )
}

/** The same with quants from 0 to 255 and 8-bit activations, for processors where `BYTE_DOTS` holds. */
@unmanaged
export class UnsignedQ8_0 extends UnsignedBlocks<UnsignedQ8_0> {
  @inline get bytes(): i32 {
    return 34
  }
  @inline get zero(): i32 {
    return 128
  }
  @inline get bits(): i32 {
    return 8
  }

  /** With 128 added, so that they are unsigned. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    return v128.xor(v128.load(changetype<usize>(this) + 2 + ((<usize>k) << 4)), constant(BYTES_80))
  }
}
