import { exp4 } from './exp'

/**
 * tanh of four floats, from multiplications, additions and a division: the same bits on every engine. For magnitudes a
 * below 0.625 it is a + a³·P(a²) with P of degree 4, fitted for this file (relative error below 5e-9), because the other
 * formula, (1 − e) / (1 + e) with e = exp(−2a), suffers from cancellation there. The result has the sign of u and stays
 * within [−1, 1]; NaN stays NaN.
 */
@inline
export function tanh4(u: v128): v128 {
  const one = f32x4.splat(1)
  const size = f32x4.abs(u)
  const z = f32x4.mul(u, u)
  let p = f32x4.splat(-0.005717041574390876)
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.02065058423810545))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.05374349716091036))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.13331491276162724))
  p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.3333328392489156))
  const small = f32x4.add(size, f32x4.mul(f32x4.mul(size, z), p))
  const e = exp4(f32x4.mul(size, f32x4.splat(-2)))
  const large = f32x4.div(f32x4.sub(one, e), f32x4.add(one, e))
  const tanh = v128.bitselect(small, large, f32x4.lt(size, f32x4.splat(0.625)))
  return v128.bitselect(v128.bitselect(u, tanh, f32x4.splat(-0.0)), u, f32x4.eq(u, u))
}
