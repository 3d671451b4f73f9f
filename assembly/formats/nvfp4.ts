import { DOT_BYTES } from '../activations'
import { BYTES_0F, constant } from '../math/constants'
import { madd } from '../math/lanes'
import { storeScaled } from './bytes'
import { FP4, lookUp } from './codebook'
import { lane0, lane1, lane2, lane3 } from './bytes'
import { byte0, byte1, byte2, byte3, dot8, sumsI16x8, sumsI32x4, words4 } from './rows'

const BYTES: usize = 36
/** Offset of the quants, after the four scales. */
const QUANTS: usize = 4
/** 12 in each byte. */
const ZERO: i8 = 12

/**
 * 64 floats of 4 bits in four sub-blocks of 16, each with a float of 8 bits without a sign (ue4m3) as scale s: w = s/2 × FP4[q]
 * (codebook.ts, where they are doubled). Layout: s (u8[4]), then 8 bytes per sub-block, whose low nibbles are elements 0…7
 * and high nibbles 8…15. Source: block_nvfp4 in ggml-common.h. The tensor's own scale is applied by whoever uses the product.
 */
@unmanaged
export class NVFP4 {
  @inline get elements(): i32 {
    return 64
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 16
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

  /** Sub-block k, with its signs. */
  @inline values(k: i32): v128 {
    const q = v128.load(changetype<usize>(this) + QUANTS + ((<usize>(k & 2)) << 3))
    const low = v128.and(q, constant(BYTES_0F))
    const high = v128.and(i16x8.shr_u(q, 4), constant(BYTES_0F))
    return lookUp(v128.load(FP4), k & 1 ? v128.shuffle<i64>(low, high, 1, 3) : v128.shuffle<i64>(low, high, 0, 2))
  }

  /** The same plus 12. */
  @inline quants(k: i32): v128 {
    return i8x16.add(this.values(k), i8x16.splat(ZERO))
  }

  /** The scales of the sub-blocks. */
  @inline scales(): v128 {
    const bytes = v128.load32_zero(changetype<usize>(this))
    return halfScales(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(bytes)))
  }

  /** Exact, as in ggml. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES, out += 256) {
      const block = changetype<NVFP4>(w)
      const scales = block.scales()
      storeScaled(out, block.values(0), lane0(scales))
      storeScaled(out + 64, block.values(1), lane1(scales))
      storeScaled(out + 128, block.values(2), lane2(scales))
      storeScaled(out + 192, block.values(3), lane3(scales))
    }
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES, quants += 64, scales += 16) {
      const block = changetype<NVFP4>(w)
      v128.store(quants, block.quants(0))
      v128.store(quants, block.quants(1), 16)
      v128.store(quants, block.quants(2), 32)
      v128.store(quants, block.quants(3), 48)
      v128.store(scales, block.scales())
    }
  }

  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const bytes = words4(w0, w1, w2, w3)
    let products = f32x4.mul(halfScales(byte0(bytes)), dots(w0, w1, w2, w3, 0, x))
    products = madd(halfScales(byte1(bytes)), dots(w0, w1, w2, w3, 1, x + 16 * DOT_BYTES), products)
    sum = madd(products, v128.load32_splat(scale), sum)
    products = f32x4.mul(halfScales(byte2(bytes)), dots(w0, w1, w2, w3, 2, x + 32 * DOT_BYTES))
    products = madd(halfScales(byte3(bytes)), dots(w0, w1, w2, w3, 3, x + 48 * DOT_BYTES), products)
    return madd(products, v128.load32_splat(scale, 4), sum)
  }
}

/** Sub-blocks k of four rows times the 16 activations at `x`, without the scales. */
@inline
function dots(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, x: usize): v128 {
  const x0 = v128.load(x)
  if (ASC_FEATURE_RELAXED_SIMD) {
    // Two products per lane, at most 12 × 127 × 2, less what the zero adds to them: sums of four fit.
    const zero = dot8(i8x16.splat(ZERO), x0)
    const sums = sumsI16x8(
      i16x8.sub(dot8(changetype<NVFP4>(w0).quants(k), x0), zero),
      i16x8.sub(dot8(changetype<NVFP4>(w1).quants(k), x0), zero),
      i16x8.sub(dot8(changetype<NVFP4>(w2).quants(k), x0), zero),
      i16x8.sub(dot8(changetype<NVFP4>(w3).quants(k), x0), zero),
      true,
    )
    return f32x4.convert_i32x4_s(sums)
  }
  const x1 = v128.load(x, 16)
  return f32x4.convert_i32x4_s(
    sumsI32x4(dot16(w0, k, x0, x1), dot16(w1, k, x0, x1), dot16(w2, k, x0, x1), dot16(w3, k, x0, x1)),
  )
}

@inline
function dot16(w: usize, k: i32, x0: v128, x1: v128): v128 {
  const values = changetype<NVFP4>(w).values(k)
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(values), x0),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(values), x1),
  )
}

/**
 * Half of the ue4m3 in the low 8 bits of each lane, without the bit above: four bits of exponent, biased by 7, and three of
 * mantissa; the largest, 0x7f, is zero. As in `loadSmallF16` the smaller of two results is right: a normal number's exponent is
 * rebiased, or a subnormal one's mantissa follows a leading one that is then subtracted.
 */
@inline
function halfScales(bytes: v128): v128 {
  const magnitude = v128.and(i32x4.shl(bytes, 20), i32x4.splat(0x07f00000))
  const normal = i32x4.add(magnitude, i32x4.splat((127 - 8) << 23))
  const smallest = i32x4.splat((127 - 7) << 23)
  const subnormal = f32x4.sub(i32x4.add(magnitude, smallest), smallest)
  return v128.andnot(f32x4.pmin(normal, subnormal), i32x4.eq(bytes, i32x4.splat(0x7f)))
}
