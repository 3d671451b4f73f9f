import { f16ToF32, loadF16x4, loadFiniteF16x4 } from '../math/f16'
import { dotFloats, widenRow } from './floats'

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
    return dotFloats<F16>(changetype<usize>(this), x, n)
  }
}
