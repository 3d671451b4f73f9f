/** What an expert does between its first and last matrix. */
import { geglu, swiglu } from '../gates'
import { gelu } from '../gelu'
import { exp4 } from '../math/exp'
import { relu2 } from '../relu'

/** Functions by number, as in src/backend/wasm/experts/expert-records.ts; the first three have a gate. */
export const SWIGLU: i32 = 0
const GEGLU: i32 = 1
const SWIGLU_OAI: i32 = 2
const GELU: i32 = 3

/** Whether a function has a gate. */
@inline
export function isGated(kind: i32): bool {
  return kind <= SWIGLU_OAI
}

/** inner[i] = function(inner[i], up[i]) for f32[n]; `inner` is the gate, or, without a gate, the only input. */
export function activate(kind: i32, inner: usize, up: usize, n: i32): void {
  if (kind == SWIGLU) swiglu(inner, up, n)
  else if (kind == GEGLU) geglu(inner, up, n)
  else if (kind == SWIGLU_OAI) swigluOai(inner, up, n)
  else if (kind == GELU) gelu(inner, n)
  else relu2(inner, n)
}

/** gpt-oss's gate: g = min(gate, 7), u = clamp(up, -7, 7); g · sigmoid(1.702 · g) · (u + 1). NaN stays NaN. */
@inline
function swigluOai4(gate: v128, up: v128): v128 {
  const one = f32x4.splat(1)
  const limit = f32x4.splat(7)
  const g = f32x4.min(gate, limit)
  const u = f32x4.max(f32x4.min(up, limit), f32x4.splat(-7))
  const sigmoid = f32x4.add(one, exp4(f32x4.mul(g, f32x4.splat(-1.702))))
  return f32x4.mul(f32x4.div(g, sigmoid), f32x4.add(u, one))
}

function swigluOai(gate: usize, up: usize, n: i32): void {
  const end = gate + ((<usize>n) << 2)
  for (; gate + 16 <= end; gate += 16, up += 16) {
    v128.store(gate, swigluOai4(v128.load(gate), v128.load(up)))
  }
  for (; gate < end; gate += 4, up += 4) {
    v128.store32_lane(gate, swigluOai4(v128.load32_zero(gate), v128.load32_zero(up)), 0)
  }
}
