import { constant, TWO_48, TWO_64, TWO_M112 } from '../math/constants'
import { f16ToF32, loadF16x4, loadFiniteF16x4 } from '../math/f16'
import { madd } from '../math/lanes'
import { widenRow } from './floats'
import { areNormal, highUnscaled, lowUnscaled } from './halves'

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

  /** Exact, including infinities and NaNs. */
  dequantize(out: usize, n: i32): void {
    widenRow<F16>(changetype<usize>(this), out, n)
  }

  /** Unscaled halves are 2^-112 of their value: with activations scaled up, no product underflows. */
  @inline scale(x: v128): v128 {
    return f32x4.mul(x, constant(TWO_64))
  }

  @inline unscale(sum: v128): v128 {
    return f32x4.mul(sum, constant(TWO_48))
  }

  /**
   * The weights must be finite: an infinity is read as 65536, a NaN as a number from there to 131072. Subnormal halves are
   * rare; unscaled, they would be subnormal f32 too, which costs a hundred cycles.
   */
  @inline addEight(x0: v128, x1: v128, sum: v128): v128 {
    const w = changetype<usize>(this)
    const halves = v128.load(w)
    if (areNormal(halves)) {
      return madd(highUnscaled(halves), x1, madd(lowUnscaled(halves), x0, sum))
    }
    const factor = constant(TWO_M112)
    const first = madd(loadFiniteF16x4(w), f32x4.mul(x0, factor), sum)
    return madd(loadFiniteF16x4(w + 8), f32x4.mul(x1, factor), first)
  }
}
