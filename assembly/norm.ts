import { add } from './add'
import { layernorm } from './layernorm'
import { rmsnorm } from './rmsnorm'

/** Kinds of norms. */
const RMS: i32 = 0

/** A norm, in 32-bit words; JavaScript writes it (src/backend/wasm/norms.ts). */
@unmanaged
export class Norm {
  /** RMS norm 0, layer norm 1. */
  kind: i32
  /** f32[groups][n]. An RMS norm may have none, 0. */
  weight: usize
  /** f32[groups][n], or 0. */
  bias: usize
  epsilon: f32
}

/** The norm of f32[n] with weights of group `group`. `out` may be `x`. */
export function normalize(norm: Norm, x: usize, out: usize, n: i32, group: i32): void {
  const offset = (<usize>(group * n)) << 2
  const weight = norm.weight ? norm.weight + offset : 0
  const bias = norm.bias ? norm.bias + offset : 0
  if (norm.kind == RMS) {
    rmsnorm(x, weight, out, n, norm.epsilon)
    if (bias) add(bias, out, n)
  } else layernorm(x, weight, bias, out, n, norm.epsilon)
}
