import { gelu4 } from './gelu'
import { silu4 } from './silu'

/** Gated linear units. Source: Shazeer 2020. */

/** gate[i] = silu(gate[i]) · up[i] for f32[n]. */
export function swiglu(gate: usize, up: usize, n: i32): void {
  let i: usize = 0
  const bytes = ((<usize>n) << 2)
  for (; i + 32 <= bytes; i += 32) {
    const low = f32x4.mul(silu4(v128.load(gate + i)), v128.load(up + i))
    const high = f32x4.mul(silu4(v128.load(gate + i, 16)), v128.load(up + i, 16))
    v128.store(gate + i, high, 16)
    v128.store(gate + i, low)
  }
  for (; i < bytes; i += 4) {
    const last = f32x4.mul(silu4(v128.load32_zero(gate + i)), v128.load32_zero(up + i))
    v128.store32_lane(gate + i, last, 0)
  }
}

/** gate[i] = gelu(gate[i]) · up[i] for f32[n]. */
export function geglu(gate: usize, up: usize, n: i32): void {
  let i: usize = 0
  const bytes = ((<usize>n) << 2)
  for (; i + 32 <= bytes; i += 32) {
    const low = f32x4.mul(gelu4(v128.load(gate + i)), v128.load(up + i))
    const high = f32x4.mul(gelu4(v128.load(gate + i, 16)), v128.load(up + i, 16))
    v128.store(gate + i, high, 16)
    v128.store(gate + i, low)
  }
  for (; i < bytes; i += 4) {
    const last = f32x4.mul(gelu4(v128.load32_zero(gate + i)), v128.load32_zero(up + i))
    v128.store32_lane(gate + i, last, 0)
  }
}
