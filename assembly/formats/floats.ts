/** Loops over the values of a row, for formats that are plain numbers. */
import { madd, sumF32x4 } from '../math/lanes'

/** `T` has `load4()`, four values from here on as f32, and `load1()`. */
@inline
export function widenRow<T>(row: usize, out: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = out + ((<usize>(n & ~3)) << 2); out < end; row += 4 * bytes, out += 16) {
    v128.store(out, changetype<T>(row).load4())
  }
  for (const end = out + ((<usize>(n & 3)) << 2); out < end; row += bytes, out += 4) {
    store<f32>(out, changetype<T>(row).load1())
  }
}

/**
 * `T` has `loadFinite4()`, which need not serve infinities and NaNs, and `load1()`; `x` is `n` f32.
 * Four independent sums hide the latency of the additions.
 */
@inline
export function dotFloats<T>(row: usize, x: usize, n: i32): f32 {
  const bytes = changetype<T>(row).bytes
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  let sum2 = f32x4.splat(0)
  let sum3 = f32x4.splat(0)
  for (const end = x + ((<usize>(n & ~15)) << 2); x < end; row += 16 * bytes, x += 64) {
    sum0 = madd(changetype<T>(row).loadFinite4(), v128.load(x), sum0)
    sum1 = madd(changetype<T>(row + 4 * bytes).loadFinite4(), v128.load(x, 16), sum1)
    sum2 = madd(changetype<T>(row + 8 * bytes).loadFinite4(), v128.load(x, 32), sum2)
    sum3 = madd(changetype<T>(row + 12 * bytes).loadFinite4(), v128.load(x, 48), sum3)
  }
  const sum = sumF32x4(f32x4.add(f32x4.add(sum0, sum1), f32x4.add(sum2, sum3)))
  return dotRest<T>(row, x, n & 15, sum)
}

/** `sum` and the products of the last few values. */
@inline
export function dotRest<T>(row: usize, x: usize, n: i32, sum: f32): f32 {
  const bytes = changetype<T>(row).bytes
  for (const end = x + ((<usize>n) << 2); x < end; row += bytes, x += 4) {
    sum += changetype<T>(row).load1() * load<f32>(x)
  }
  return sum
}
