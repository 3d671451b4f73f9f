import { exp4 } from './math/exp'

/** GELU, tanh approximation; 0.5·(1 + tanh u) is σ(2u). Source: Hendrycks and Gimpel 2016. */
@inline
export function gelu4(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x)
  const u = f32x4.mul(f32x4.add(x, f32x4.mul(cube, f32x4.splat(0.044715))), f32x4.splat(1.5957691216057308))
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(u))))
}

/** x[i] = gelu(x[i]) for f32[n]. */
export function gelu(x: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 32 <= bytes; i += 32) {
    const low = gelu4(v128.load(x + i))
    const high = gelu4(v128.load(x + i, 16))
    v128.store(x + i, high, 16)
    v128.store(x + i, low)
  }
  for (; i < bytes; i += 4) v128.store32_lane(x + i, gelu4(v128.load32_zero(x + i)), 0)
}
