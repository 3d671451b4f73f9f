import { loadFiniteF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'

/**
 * 32 signed bytes under one half-precision scale `d`: w = d × q.
 * Layout: d (f16), q (i8[32]). Source: block_q8_0 in ggml-common.h.
 */
@unmanaged
export class Q8_0 {
  @inline get elements(): i32 {
    return 32
  }
  @inline get bytes(): i32 {
    return 34
  }

  /** Exact: one rounding each, as in ggml. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += 34) {
      const scale = f32x4.splat(loadFiniteF16(w))
      for (let q = w + 2; q < w + 34; q += 8, out += 32) {
        const values = v128.load8x8_s(q)
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(values)), scale))
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(values)), scale), 16)
      }
    }
  }

  /** Two blocks a step with a sum each. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>(n & ~63)) << 1); x < end; w += 68, x += 128, scales += 8) {
      sum0 = f32x4.add(sum0, blockDot(w, x, load<f32>(scales)))
      sum1 = f32x4.add(sum1, blockDot(w + 34, x + 64, load<f32>(scales, 4)))
    }
    if (n & 32) sum0 = f32x4.add(sum0, blockDot(w, x, load<f32>(scales)))
    return sumF32x4(f32x4.add(sum0, sum1))
  }
}

/** One block's dot product in four lanes. A lane sums 8 products below 2^22 in size: no overflow. */
@inline
function blockDot(w: usize, x: usize, scale: f32): v128 {
  const dot0 = i32x4.dot_i16x8_s(v128.load8x8_s(w, 2), v128.load(x))
  const dot1 = i32x4.dot_i16x8_s(v128.load8x8_s(w, 10), v128.load(x, 16))
  const dot2 = i32x4.dot_i16x8_s(v128.load8x8_s(w, 18), v128.load(x, 32))
  const dot3 = i32x4.dot_i16x8_s(v128.load8x8_s(w, 26), v128.load(x, 48))
  const dot = i32x4.add(i32x4.add(dot0, dot1), i32x4.add(dot2, dot3))
  return f32x4.mul(f32x4.convert_i32x4_s(dot), f32x4.splat(loadFiniteF16(w) * scale))
}
