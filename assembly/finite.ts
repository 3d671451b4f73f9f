/**
 * Whether all of f32[n] are finite. NaN and infinities times zero are NaN, every other value gives zero, so the sum shows it
 * without a branch per value. Two sums, because each addition waits for the one before it.
 */
export function all_finite(x: usize, n: i32): bool {
  const zero = f32x4.splat(0)
  let even = zero
  let odd = zero
  const end = x + ((<usize>n) << 2)
  const pairs = x + ((<usize>(n & ~7)) << 2)
  for (; x < pairs; x += 32) {
    even = f32x4.add(even, f32x4.mul(v128.load(x), zero))
    odd = f32x4.add(odd, f32x4.mul(v128.load(x, 16), zero))
  }
  for (; x < end; x += 4) even = f32x4.add(even, f32x4.mul(v128.load32_splat(x), zero))
  const sums = f32x4.add(even, odd)
  return !v128.any_true(f32x4.ne(sums, sums))
}
