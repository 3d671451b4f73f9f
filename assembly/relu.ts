/** x[i] = max(0, x[i]) for f32[n]; NaN stays NaN. */
export function relu(x: usize, n: i32): void {
  const zero = f32x4.splat(0)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.max(v128.load(x + i), zero))
  for (; i < bytes; i += 4) store<f32>(x + i, max<f32>(load<f32>(x + i), 0))
}

/** x[i] = max(0, x[i])² for f32[n]; NaN stays NaN. Source: So et al. 2021. */
export function relu2(x: usize, n: i32): void {
  const zero = f32x4.splat(0)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) {
    const positive = f32x4.max(v128.load(x + i), zero)
    v128.store(x + i, f32x4.mul(positive, positive))
  }
  for (; i < bytes; i += 4) {
    const positive = max<f32>(load<f32>(x + i), 0)
    store<f32>(x + i, positive * positive)
  }
}
