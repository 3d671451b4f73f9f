import { count } from './counts'
import { WEIGHTS } from './layout'
import { constant, HALF_BITS } from '../math/constants'
import { madd } from '../math/lanes'

/**
 * Accumulates PV: state[row] = state[row] · rescale[row] + Σ weights[p][row] · values[p] over `n` positions; weights are
 * f32[n][TILE]. For the layouts of values and states see layout.ts.
 */
@inline
export function accumulate<T, Rows>(
  weights: usize,
  rescale: usize,
  values: usize,
  stride: usize,
  state: usize,
  n: i32,
  valueDim: i32,
): void {
  for (; valueDim >= 8; valueDim -= 8) {
    accumulatePair<T, Rows>(weights, rescale, values, stride, state, n)
    values += 2 * changetype<T>(values).bytes4
    state += 32 * <usize>count<Rows>()
  }
  if (valueDim) accumulateLast<T>(count<Rows>(), weights, rescale, values, stride, state, n)
}

/** Eight elements. */
@inline
function accumulatePair<T, Rows>(weights: usize, rescale: usize, values: usize, stride: usize, state: usize, n: i32): void {
  const end = weights + <usize>n * WEIGHTS
  const mask = constant(HALF_BITS)
  const zero = f32x4.splat(0)
  let w = v128.load32_splat(rescale)
  let a0 = f32x4.mul(v128.load(state), w)
  let a1 = f32x4.mul(v128.load(state, 16), w)
  let b0 = zero
  let b1 = zero
  let c0 = zero
  let c1 = zero
  let d0 = zero
  let d1 = zero
  if (count<Rows>() > 1) {
    w = v128.load32_splat(rescale, 4)
    b0 = f32x4.mul(v128.load(state, 32), w)
    b1 = f32x4.mul(v128.load(state, 48), w)
  }
  if (count<Rows>() > 2) {
    w = v128.load32_splat(rescale, 8)
    c0 = f32x4.mul(v128.load(state, 64), w)
    c1 = f32x4.mul(v128.load(state, 80), w)
  }
  if (count<Rows>() > 3) {
    w = v128.load32_splat(rescale, 12)
    d0 = f32x4.mul(v128.load(state, 96), w)
    d1 = f32x4.mul(v128.load(state, 112), w)
  }
  for (let at = weights; at < end; at += WEIGHTS) {
    const v0 = changetype<T>(values).load4(mask)
    const v1 = changetype<T>(values).next4(mask)
    w = v128.load32_splat(at)
    a0 = madd(w, v0, a0)
    a1 = madd(w, v1, a1)
    if (count<Rows>() > 1) {
      w = v128.load32_splat(at, 4)
      b0 = madd(w, v0, b0)
      b1 = madd(w, v1, b1)
    }
    if (count<Rows>() > 2) {
      w = v128.load32_splat(at, 8)
      c0 = madd(w, v0, c0)
      c1 = madd(w, v1, c1)
    }
    if (count<Rows>() > 3) {
      w = v128.load32_splat(at, 12)
      d0 = madd(w, v0, d0)
      d1 = madd(w, v1, d1)
    }
    values += stride
  }
  v128.store(state, a1, 16)
  v128.store(state, a0)
  if (count<Rows>() > 1) {
    v128.store(state, b1, 48)
    v128.store(state, b0, 32)
  }
  if (count<Rows>() > 2) {
    v128.store(state, c1, 80)
    v128.store(state, c0, 64)
  }
  if (count<Rows>() > 3) {
    v128.store(state, d1, 112)
    v128.store(state, d0, 96)
  }
}

/** The last four elements of a head whose size is not a multiple of eight: rare, so this is short rather than fast. */
function accumulateLast<T>(
  rows: i32,
  weights: usize,
  rescale: usize,
  values: usize,
  stride: usize,
  state: usize,
  n: i32,
): void {
  const mask = constant(HALF_BITS)
  let end = weights + <usize>n * WEIGHTS
  for (; rows > 0; rows--) {
    let sum = f32x4.mul(v128.load(state), v128.load32_splat(rescale))
    let value = values
    for (let at = weights; at < end; at += WEIGHTS) {
      sum = madd(v128.load32_splat(at), changetype<T>(value).load4(mask), sum)
      value += stride
    }
    v128.store(state, sum)
    weights += 4
    end += 4
    rescale += 4
    state += 16
  }
}
