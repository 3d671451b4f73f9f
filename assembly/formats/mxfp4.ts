import { DOT_BYTES } from '../activations'
import { addBlocks, Blocks32 } from './blocks'
import { storeScaled } from './bytes'
import { lookUpNibbles, UNSIGNED_FP4 } from './codebook'
import { words4 } from './rows'

/** 12 in each byte. */
const ZERO: i8 = 12

/**
 * 32 floats of 4 bits under one power of two: w = 2^(e - 128) × FP4[q] (codebook.ts, where they are doubled).
 * Layout: e (u8), 16 bytes whose low nibbles are elements 0…15 and high nibbles 16…31.
 * Source: block_mxfp4 in ggml-common.h; OCP Microscaling Formats 1.0.
 */
@unmanaged
export class MXFP4 extends Blocks32<MXFP4> {
  @inline get bytes(): i32 {
    return 17
  }
  @inline get zero(): i32 {
    return 12
  }
  @inline get minimums(): bool {
    return false
  }
  /** At most 24. */
  @inline get bits(): i32 {
    return 5
  }

  /** Without subtracting 12. */
  @inline quants(k: i32, _step: i32 = 0): v128 {
    return lookUpNibbles(UNSIGNED_FP4, v128.load(changetype<usize>(this) + 1), k)
  }

  @inline scales4(w1: usize, w2: usize, w3: usize): v128 {
    const words = words4(changetype<usize>(this), w1, w2, w3)
    return powers(v128.and(words, i32x4.splat(0xff)))
  }

  /** In all lanes. */
  @inline scale(): v128 {
    return powers(i32x4.splat(load<u8>(changetype<usize>(this))))
  }

  @inline dequantizeBlock(out: usize): void {
    storeScaled(out, i8x16.sub(this.quants(0), i8x16.splat(ZERO)), this.scale())
    storeScaled(out + 64, i8x16.sub(this.quants(1), i8x16.splat(ZERO)), this.scale())
  }

  @inline unpackBlock(quants: usize, scales: usize, _minimums: usize): void {
    v128.store(quants, this.quants(0))
    v128.store(quants, this.quants(1), 16)
    v128.store32_lane(scales, this.scale(), 0)
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    return addBlocks<MXFP4>(changetype<usize>(this), w1, w2, w3, x, scale, total, sum)
  }
}

/** The same with products of bytes, for processors where `BYTE_DOTS` holds. */
@unmanaged
export class MXFP4Bytes extends Blocks32<MXFP4Bytes> {
  @inline get bytes(): i32 {
    return 17
  }
  @inline get zero(): i32 {
    return 12
  }
  @inline get bits(): i32 {
    return 8
  }

  @inline quants(k: i32, _step: i32 = 0): v128 {
    return changetype<MXFP4>(changetype<usize>(this)).quants(k)
  }

  @inline scales4(w1: usize, w2: usize, w3: usize): v128 {
    return changetype<MXFP4>(changetype<usize>(this)).scales4(w1, w2, w3)
  }

  @inline get width(): usize {
    return 1
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    return addBlocks<MXFP4Bytes>(changetype<usize>(this), w1, w2, w3, x, scale, total, sum)
  }
}

/**
 * 2^(e - 128) of the lanes. The exponent bits of f32 are e - 1; for e = 0 and 1 the power is subnormal, 2^21 and 2^22 as bits,
 * which is (e + 1) 2^21, and less than the other bits for all larger e.
 */
@inline
function powers(e: v128): v128 {
  const next = i32x4.add(e, i32x4.splat(1))
  return i32x4.max_s(i32x4.sub(i32x4.shl(next, 23), i32x4.splat(2 << 23)), i32x4.shl(next, 21))
}
