/** x[i] *= by for f32[n]. */
export function scale(x: usize, n: i32, by: f32): void {
  const factors = f32x4.splat(by)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, f32x4.mul(v128.load(x + i), factors))
  for (; i < bytes; i += 4) store<f32>(x + i, load<f32>(x + i) * by)
}

/** x[r][i] *= by[r] for f32[rows][n]. */
export function scale_rows(x: usize, by: usize, rows: i32, n: i32): void {
  for (let row = 0; row < rows; row++) {
    scale(x, n, load<f32>(by))
    x += (<usize>n) << 2
    by += 4
  }
}
