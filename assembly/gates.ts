import { exp4 } from './math/exp'

/** x · σ(x). Source: Hendrycks and Gimpel 2016 (as SiLU). */
@inline
function silu(x: v128): v128 {
  const one = f32x4.splat(1)
  return f32x4.div(x, f32x4.add(one, exp4(f32x4.neg(x))))
}

/** GELU by its tanh form; 0.5·(1 + tanh u) is σ(2u). Source: Hendrycks and Gimpel 2016. */
@inline
function gelu(x: v128): v128 {
  const cube = f32x4.mul(f32x4.mul(x, x), x)
  const u = f32x4.mul(f32x4.add(x, f32x4.mul(cube, f32x4.splat(0.044715))), f32x4.splat(1.5957691216057308))
  return f32x4.div(x, f32x4.add(f32x4.splat(1), exp4(f32x4.neg(u))))
}

/** gate[i] = silu(gate[i]) · up[i] for f32[n]. */
export function silu_gate(gate: usize, up: usize, n: i32): void {
  let i: usize = 0
  const bytes = ((<usize>n) << 2)
  for (; i + 32 <= bytes; i += 32) {
    const low = f32x4.mul(silu(v128.load(gate + i)), v128.load(up + i))
    const high = f32x4.mul(silu(v128.load(gate + i, 16)), v128.load(up + i, 16))
    v128.store(gate + i, high, 16)
    v128.store(gate + i, low)
  }
  for (; i < bytes; i += 4) {
    const last = f32x4.mul(silu(v128.load32_zero(gate + i)), v128.load32_zero(up + i))
    v128.store32_lane(gate + i, last, 0)
  }
}

/** gate[i] = gelu(gate[i]) · up[i] for f32[n]. */
export function gelu_gate(gate: usize, up: usize, n: i32): void {
  let i: usize = 0
  const bytes = ((<usize>n) << 2)
  for (; i + 32 <= bytes; i += 32) {
    const low = f32x4.mul(gelu(v128.load(gate + i)), v128.load(up + i))
    const high = f32x4.mul(gelu(v128.load(gate + i, 16)), v128.load(up + i, 16))
    v128.store(gate + i, high, 16)
    v128.store(gate + i, low)
  }
  for (; i < bytes; i += 4) {
    const last = f32x4.mul(gelu(v128.load32_zero(gate + i)), v128.load32_zero(up + i))
    v128.store32_lane(gate + i, last, 0)
  }
}
