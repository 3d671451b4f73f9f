/** out[i] *= x[i] for f32[n]. */
export function multiply(x: usize, out: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(out + i), v128.load(x + i)))
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) * load<f32>(x + i))
}
