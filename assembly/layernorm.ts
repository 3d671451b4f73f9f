import { sumF32x4 } from './math/lanes'

/**
 * Layer norm: out[i] = (x[i] - mean) / sqrt(mean((x - mean)²) + epsilon) · weight[i] + bias[i]; `bias` may be 0, for none.
 * Source: Ba et al. 2016. `out` may be `x`.
 */
export function layernorm(x: usize, weight: usize, bias: usize, out: usize, n: i32, epsilon: f32): void {
  const bytes = (<usize>n) << 2
  const mean = sumOf(x, bytes) / <f32>n
  const means = f32x4.splat(mean)
  const scale: f32 = 1.0 / sqrt<f32>(squaresOf(x, bytes, mean) / <f32>n + epsilon)
  const scales = f32x4.splat(scale)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    const centred = f32x4.sub(v128.load(x + i), means)
    v128.store(out + i, f32x4.mul(f32x4.mul(centred, scales), v128.load(weight + i)))
  }
  for (; i < bytes; i += 4) store<f32>(out + i, (load<f32>(x + i) - mean) * scale * load<f32>(weight + i))
  if (bias == 0) return
  for (i = 0; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.add(v128.load(out + i), v128.load(bias + i)))
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(bias + i))
}

function sumOf(x: usize, bytes: usize): f32 {
  let a = f32x4.splat(0)
  let b = a
  let i: usize = 0
  for (; i + 32 <= bytes; i += 32) {
    a = f32x4.add(a, v128.load(x + i))
    b = f32x4.add(b, v128.load(x + i, 16))
  }
  let sum = sumF32x4(f32x4.add(a, b))
  for (; i < bytes; i += 4) sum += load<f32>(x + i)
  return sum
}

/** Σ (x - mean)². */
function squaresOf(x: usize, bytes: usize, mean: f32): f32 {
  const means = f32x4.splat(mean)
  let a = f32x4.splat(0)
  let b = a
  let i: usize = 0
  for (; i + 32 <= bytes; i += 32) {
    const low = f32x4.sub(v128.load(x + i), means)
    const high = f32x4.sub(v128.load(x + i, 16), means)
    a = f32x4.add(a, f32x4.mul(low, low))
    b = f32x4.add(b, f32x4.mul(high, high))
  }
  let sum = sumF32x4(f32x4.add(a, b))
  for (; i < bytes; i += 4) {
    const v = load<f32>(x + i) - mean
    sum += v * v
  }
  return sum
}
