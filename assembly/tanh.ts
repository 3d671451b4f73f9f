import { tanh4 } from './math/tanh'

/** x[i] = tanh(x[i]) for f32[n]. */
export function tanh(x: usize, n: i32): void {
  let i: usize = 0
  const bytes = (<usize>n) << 2
  for (; i + 16 <= bytes; i += 16) v128.store(x + i, tanh4(v128.load(x + i)))
  for (; i < bytes; i += 4) v128.store32_lane(x + i, tanh4(v128.load32_zero(x + i)), 0)
}
