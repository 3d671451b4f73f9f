import { dotFloats } from './floats'

/** Plain f32, little endian. */
@unmanaged
export class F32 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 4
  }

  @inline load1(): f32 {
    return load<f32>(changetype<usize>(this))
  }

  @inline loadFinite4(): v128 {
    return v128.load(changetype<usize>(this))
  }

  dequantize(out: usize, n: i32): void {
    memory.copy(out, changetype<usize>(this), (<usize>n) << 2)
  }

  dot(x: usize, n: i32): f32 {
    return dotFloats<F32>(changetype<usize>(this), x, n)
  }
}
