import { constant } from '../math/constants'
import { f16ToF32, loadF16x4, loadFiniteF16x4 } from '../math/f16'
import { madd, sumF32x4 } from '../math/lanes'
import { dotRest, widenRow } from './floats'

/** Two halves' exponents. */
const HALF_EXPONENTS = memory.data<u32>([0x7c007c00])
/** Where a half's sign and magnitude stand after a signed shift by 3, twice. */
const SIGNS_AND_MAGNITUDES = memory.data<u32>([0x8fff8fff])
/** 112 in the upper 16 bits of an f32's exponent, twice: what a half's exponent lacks there. */
const EXPONENTS_112 = memory.data<u32>([0x38003800])

/** IEEE half precision, little endian. */
@unmanaged
export class F16 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 2
  }

  @inline load1(): f32 {
    return f16ToF32(load<u16>(changetype<usize>(this)))
  }

  @inline load4(): v128 {
    return loadF16x4(changetype<usize>(this))
  }

  @inline loadFinite4(): v128 {
    return loadFiniteF16x4(changetype<usize>(this))
  }

  /** Exact, for infinities and NaNs too. */
  dequantize(out: usize, n: i32): void {
    widenRow<F16>(changetype<usize>(this), out, n)
  }

  /** The weights must be finite: an infinity counts as 65536, a NaN as something between that and 131072. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    for (const end = x + ((<usize>(n & ~15)) << 2); x < end; w += 32, x += 64) {
      const a = v128.load(w)
      const b = v128.load(w, 16)
      if (areNormal(a, b)) {
        sum0 = madd(low(a), v128.load(x), sum0)
        sum1 = madd(high(a), v128.load(x, 16), sum1)
        sum2 = madd(low(b), v128.load(x, 32), sum2)
        sum3 = madd(high(b), v128.load(x, 48), sum3)
      } else {
        sum0 = madd(loadFiniteF16x4(w), v128.load(x), sum0)
        sum1 = madd(loadFiniteF16x4(w + 8), v128.load(x, 16), sum1)
        sum2 = madd(loadFiniteF16x4(w + 16), v128.load(x, 32), sum2)
        sum3 = madd(loadFiniteF16x4(w + 24), v128.load(x, 48), sum3)
      }
    }
    const sum = sumF32x4(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)))
    return dotRest<F16>(w, x, n & 15, sum)
  }
}

/** Whether all of sixteen halves have an exponent. Of a model's weights few have none. */
@inline
function areNormal(a: v128, b: v128): bool {
  const exponent = constant(HALF_EXPONENTS)
  return i16x8.all_true(i16x8.min_u(v128.and(a, exponent), v128.and(b, exponent)))
}

/** The upper 16 bits of eight normal halves as f32. */
@inline
function upperBits(halves: v128): v128 {
  return i16x8.add(v128.and(i16x8.shr_s(halves, 3), constant(SIGNS_AND_MAGNITUDES)), constant(EXPONENTS_112))
}

/** The first four of eight normal halves as f32. */
@inline
function low(halves: v128): v128 {
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upperBits(halves), 0, 8, 1, 9, 2, 10, 3, 11)
}

/** The last four. */
@inline
function high(halves: v128): v128 {
  return v128.shuffle<i16>(i16x8.shl(halves, 13), upperBits(halves), 4, 12, 5, 13, 6, 14, 7, 15)
}
