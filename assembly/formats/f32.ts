import { madd } from '../math/lanes'

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

  @inline scale(x: v128): v128 {
    return x
  }

  @inline unscale(sum: v128): v128 {
    return sum
  }

  @inline addEight(x0: v128, x1: v128, sum: v128): v128 {
    const values = changetype<usize>(this)
    return madd(v128.load(values, 16), x1, madd(v128.load(values), x0, sum))
  }
}
