import { dotFloats, widenRow } from './floats'

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

  dot(x: usize, n: i32): f32 {
    return dotFloats<BF16>(changetype<usize>(this), x, n)
  }
}
