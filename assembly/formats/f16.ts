import { f16ToF32, loadF16x4, loadFiniteF16x4 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'

/** IEEE half precision, little endian. */
@unmanaged
export class F16 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 2
  }

  /** Exact, for infinities and NaNs too. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = w + ((<usize>(n & ~3)) << 1); w < end; w += 8, out += 16) v128.store(out, loadF16x4(w))
    for (const end = w + ((<usize>(n & 3)) << 1); w < end; w += 2, out += 4)
      store<f32>(out, f16ToF32(load<u16>(w)))
  }

  /** `x`: `n` f32. The weights must be finite; the tail of `n % 16` may be anything. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    let sum2 = f32x4.splat(0)
    let sum3 = f32x4.splat(0)
    for (const end = w + ((<usize>(n & ~15)) << 1); w < end; w += 32, x += 64) {
      sum0 = f32x4.add(sum0, f32x4.mul(loadFiniteF16x4(w), v128.load(x)))
      sum1 = f32x4.add(sum1, f32x4.mul(loadFiniteF16x4(w + 8), v128.load(x, 16)))
      sum2 = f32x4.add(sum2, f32x4.mul(loadFiniteF16x4(w + 16), v128.load(x, 32)))
      sum3 = f32x4.add(sum3, f32x4.mul(loadFiniteF16x4(w + 24), v128.load(x, 48)))
    }
    let sum = sumF32x4(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)))
    for (const end = w + ((<usize>(n & 15)) << 1); w < end; w += 2, x += 4)
      sum += f16ToF32(load<u16>(w)) * load<f32>(x)
    return sum
  }
}
