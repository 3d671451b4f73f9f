import { exp4 } from './math/exp'

/** x · σ(x). Source: Hendrycks and Gimpel 2016 (as SiLU). */
@inline
export function silu4(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(x, f32x4.add(one, exp4(f32x4.neg(x))))
}

/** x[i] = silu(x[i]) for f32[n]. */
export function silu(x: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 32 <= bytes; i += 32) {
    const low = silu4(v128.load(x + i))
    const high = silu4(v128.load(x + i, 16))
    v128.store(x + i, high, 16)
    v128.store(x + i, low)
  }
  for (; i < bytes; i += 4) v128.store32_lane(x + i, silu4(v128.load32_zero(x + i)), 0)
}
