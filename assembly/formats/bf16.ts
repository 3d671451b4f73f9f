import { madd } from '../math/lanes'
import { widenRow } from './floats'

/** bfloat16, the upper half of an f32, little endian. */
@unmanaged
export class BF16 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 2
  }

  @inline load1(): f32 {
    return reinterpret<f32>((<u32>load<u16>(changetype<usize>(this))) << 16)
  }

  @inline load4(): v128 {
    return i32x4.shl(v128.load16x4_u(changetype<usize>(this)), 16)
  }

  @inline loadFinite4(): v128 {
    return this.load4()
  }

  /** Exact. */
  dequantize(out: usize, n: i32): void {
    widenRow<BF16>(changetype<usize>(this), out, n)
  }

  @inline scale(x: v128): v128 {
    return x
  }

  @inline unscale(sum: v128): v128 {
    return sum
  }

  @inline addEight(x0: v128, x1: v128, sum: v128): v128 {
    const values = v128.load(changetype<usize>(this))
    const zero = i16x8.splat(0)
    const low = v128.shuffle<i16>(zero, values, 0, 8, 1, 9, 2, 10, 3, 11)
    const high = v128.shuffle<i16>(zero, values, 4, 12, 5, 13, 6, 14, 7, 15)
    return madd(high, x1, madd(low, x0, sum))
  }
}
