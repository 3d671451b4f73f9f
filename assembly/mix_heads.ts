/**
 * Combinations of the `sources` heads of x, f32[rows][sources][n]: out[r][t] is the sum over s, in ascending order, of
 * (by[r][t][s] + plus) · x[r][s] for each of `heads` heads t. `out` must not overlap x.
 */
export function mix_heads(
  x: usize,
  sources: i32,
  by: usize,
  plus: f32,
  out: usize,
  heads: i32,
  rows: i32,
  n: i32,
): void {
  const headBytes = (<usize>n) << 2
  for (let row = 0; row < rows; row++) {
    for (let head = 0; head < heads; head++) {
      multiply(x, load<f32>(by) + plus, out, headBytes)
      by += 4
      for (let source = 1; source < sources; source++) {
        addProduct(x + <usize>source * headBytes, load<f32>(by) + plus, out, headBytes)
        by += 4
      }
      out += headBytes
    }
    x += <usize>sources * headBytes
  }
}

function multiply(x: usize, by: f32, out: usize, bytes: usize): void {
  const factors = f32x4.splat(by)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) v128.store(out + i, f32x4.mul(v128.load(x + i), factors))
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(x + i) * by)
}

function addProduct(x: usize, by: f32, out: usize, bytes: usize): void {
  const factors = f32x4.splat(by)
  let i: usize = 0
  for (; i + 16 <= bytes; i += 16) {
    v128.store(out + i, f32x4.add(v128.load(out + i), f32x4.mul(v128.load(x + i), factors)))
  }
  for (; i < bytes; i += 4) store<f32>(out + i, load<f32>(out + i) + load<f32>(x + i) * by)
}
