import { tanh4 } from './math/tanh'

/** Logit soft-capping: x[i] = cap · tanh(x[i] / cap) for f32[n]. Source: Gemma team 2024. */
export function softcap(x: usize, n: i32, cap: f32): void {
  const caps = f32x4.splat(cap)
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) {
    v128.store(x + i, f32x4.mul(tanh4(f32x4.div(v128.load(x + i), caps)), caps))
  }
  for (; i < bytes; i += 4) {
    v128.store32_lane(x + i, f32x4.mul(tanh4(f32x4.div(v128.load32_zero(x + i), caps)), caps), 0)
  }
}
