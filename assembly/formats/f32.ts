import { sumF32x4 } from '../math/lanes'

/** Plain f32, little endian; also the activations of the other unquantised formats. */
@unmanaged
export class F32 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 4
  }

  dequantize(out: usize, n: i32): void {
    memory.copy(out, changetype<usize>(this), (<usize>n) << 2)
  }

  /** `x`: `n` f32. Four independent sums hide the latency of the additions. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    for (const end = w + ((<usize>(n & ~15)) << 2); w < end; w += 64, x += 64) {
      sum0 = f32x4.add(sum0, f32x4.mul(v128.load(w), v128.load(x)))
      sum1 = f32x4.add(sum1, f32x4.mul(v128.load(w, 16), v128.load(x, 16)))
      sum2 = f32x4.add(sum2, f32x4.mul(v128.load(w, 32), v128.load(x, 32)))
      sum3 = f32x4.add(sum3, f32x4.mul(v128.load(w, 48), v128.load(x, 48)))
    }
    let sum = sumF32x4(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)))
    for (const end = w + ((<usize>(n & 15)) << 2); w < end; w += 4, x += 4) sum += load<f32>(w) * load<f32>(x)
    return sum
  }
}
