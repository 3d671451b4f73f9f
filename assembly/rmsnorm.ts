import { sumF32x4 } from './math/lanes'

/**
 * Root-mean-square norm: out[i] = x[i] / sqrt(mean(x²) + epsilon) · weight[i]; `weight` may be 0, for none.
 * Source: Zhang and Sennrich 2019. `out` may be `x`.
 */
export function rmsnorm(x: usize, weight: usize, out: usize, n: i32, epsilon: f32): void {
  let a = f32x4.splat(0)
  let b = a
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 32 <= bytes; i += 32) {
    const low = v128.load(x + i)
    const high = v128.load(x + i, 16)
    a = f32x4.add(a, f32x4.mul(low, low))
    b = f32x4.add(b, f32x4.mul(high, high))
  }
  let sum = sumF32x4(f32x4.add(a, b))
  for (let tail = i; tail < bytes; tail += 4) {
    const v = load<f32>(x + tail)
    sum += v * v
  }
  const scale: f32 = 1.0 / sqrt<f32>(sum / <f32>n + epsilon)
  const scales = f32x4.splat(scale)
  i = 0
  if (weight == 0) {
    for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(x + i), scales))
    for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * scale)
    return
  }
  for (; i + 16 <= bytes; i += 16) {
    v128.store(out + i, f32x4.mul(f32x4.mul(v128.load(x + i), scales), v128.load(weight + i)))
  }
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * scale * load<f32>(weight + i))
}
