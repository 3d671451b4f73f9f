import { CachedF16, CachedF32 } from './cache-floats'
import { exp2x4 } from './math/exp'
import { F16_MASK } from './math/f16'
import { madd, sums4 } from './math/lanes'

/**
 * A tile: up to four rows of queries that meet the same keys and values. For a block of positions it takes the scores,
 * makes weights of them, and adds the weighted values to what earlier blocks left. A row's sums run in the same order
 * however many rows there are.
 *
 * A tile's rows lie side by side, four elements of each in turn: queries as [headDim / 4][rows][4], and so the weighted
 * values, with which a state begins. Then follow, a lane for each row, the largest score so far, the sum of the weights,
 * and the row's position (i32). Scores count powers of two.
 */

/** Rows of a tile. */
export const TILE: i32 = 4

/** Positions of a block. */
export const POSITIONS: i32 = 32

/** Bytes of a block's weights, [POSITIONS][TILE]. */
export const WEIGHT_BYTES: usize = <usize>(POSITIONS * TILE) << 2

/** What follows the values in a state, and where. */
const TAIL_BYTES: usize = 48
export const LARGEST: usize = 0
export const SUM: usize = 16
export const POSITION: usize = 32

/** Bytes of `rows` rows of queries or weighted values. */
@inline
export function rowBytes(rows: i32, headDim: i32): usize {
  return (<usize>(rows * headDim)) << 2
}

/** Bytes from state to state. */
@inline
export function stateBytes(headDim: i32): usize {
  return rowBytes(TILE, headDim) + TAIL_BYTES
}

/** Counts that the compiler knows, each by the size of a class. A constant parameter would not stay one. */
@unmanaged
class One {
  a: u8
}
@unmanaged
class Two {
  a: u8
  b: u8
}
@unmanaged
class Three {
  a: u8
  b: u8
  c: u8
}
@unmanaged
class Four {
  a: u8
  b: u8
  c: u8
  d: u8
}
@inline
function count<N>(): i32 {
  return <i32>offsetof<N>()
}

/**
 * Takes the `n` positions from `start` on into the state of a tile of `rows` rows. `keys` and `values` point to the
 * heads at `start`, of type F32 or F16, from position to position `stride` bytes; their values are to be multiplied with
 * `factor`, and the queries have that in them.
 */
export function attendBlock(
  type: i32,
  rows: i32,
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  weights: usize,
  state: usize,
  start: i32,
  n: i32,
  headDim: i32,
  factor: f32,
): void {
  if (type == 1) attendOf<CachedF16>(rows, queries, keys, values, stride, weights, state, start, n, headDim, factor)
  else attendOf<CachedF32>(rows, queries, keys, values, stride, weights, state, start, n, headDim, factor)
}

@inline
function attendOf<T>(
  rows: i32,
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  weights: usize,
  state: usize,
  start: i32,
  n: i32,
  headDim: i32,
  factor: f32,
): void {
  switch (rows) {
    case 1:
      return attendRows<T, One>(queries, keys, values, stride, weights, state, start, n, headDim, factor)
    case 2:
      return attendRows<T, Two>(queries, keys, values, stride, weights, state, start, n, headDim, factor)
    case 3:
      return attendRows<T, Three>(queries, keys, values, stride, weights, state, start, n, headDim, factor)
    case 4:
      return attendRows<T, Four>(queries, keys, values, stride, weights, state, start, n, headDim, factor)
  }
}

function attendRows<T, Rows>(
  queries: usize,
  keys: usize,
  values: usize,
  stride: usize,
  weights: usize,
  state: usize,
  start: i32,
  n: i32,
  headDim: i32,
  factor: f32,
): void {
  score<T, Rows>(queries, keys, stride, weights, n, headDim)
  const lowered = weigh(weights, state + rowBytes(count<Rows>(), headDim), start, n, factor)
  mix<T, Rows>(weights, values, stride, state, n, headDim, lowered)
}

/** weights[p][row] = q[row] · k[p], two positions at a time. */
@inline
function score<T, Rows>(queries: usize, keys: usize, stride: usize, weights: usize, n: i32, headDim: i32): void {
  const rows = count<Rows>()
  const mask = v128.load(F16_MASK)
  const zero = f32x4.splat(0)
  const end = queries + rowBytes(rows, headDim)
  for (let p = 0; p < n; p += 2) {
    let k0 = keys
    // Past the last position its key is read again; what comes of it is never used.
    let k1 = p + 1 < n ? keys + stride : keys
    let a0 = zero
    let a1 = zero
    let b0 = zero
    let b1 = zero
    let c0 = zero
    let c1 = zero
    let d0 = zero
    let d1 = zero
    for (let at = queries; at < end; at += 16 * <usize>rows) {
      const key0 = changetype<T>(k0).load4(mask)
      const key1 = changetype<T>(k1).load4(mask)
      let q = v128.load(at)
      a0 = madd(q, key0, a0)
      a1 = madd(q, key1, a1)
      if (count<Rows>() > 1) {
        q = v128.load(at, 16)
        b0 = madd(q, key0, b0)
        b1 = madd(q, key1, b1)
      }
      if (count<Rows>() > 2) {
        q = v128.load(at, 32)
        c0 = madd(q, key0, c0)
        c1 = madd(q, key1, c1)
      }
      if (count<Rows>() > 3) {
        q = v128.load(at, 48)
        d0 = madd(q, key0, d0)
        d1 = madd(q, key1, d1)
      }
      k0 += changetype<T>(k0).bytes4
      k1 += changetype<T>(k1).bytes4
    }
    v128.store(weights, sums4(a0, b0, c0, d0))
    v128.store(weights, sums4(a1, b1, c1, d1), 16)
    weights += 32
    keys += 2 * stride
  }
}

/**
 * Scores become weights times `factor`, 0 where a row does not see the position. Returns what the weights so far are to
 * be multiplied with, for the largest score may have grown.
 */
@inline
function weigh(weights: usize, tail: usize, start: i32, n: i32, factor: f32): v128 {
  const end = weights + (<usize>n << 4)
  const before = v128.load(tail, LARGEST)
  // How many positions a row sees beyond the present one; unseen if negative.
  const beyond = i32x4.sub(v128.load(tail, POSITION), i32x4.splat(start))
  let left = beyond
  let largest = before
  for (let at = weights; at < end; at += 16) {
    largest = f32x4.pmax(largest, v128.bitselect(before, v128.load(at), i32x4.shr_s(left, 31)))
    left = i32x4.sub(left, i32x4.splat(1))
  }
  const factors = f32x4.splat(factor)
  let sum = f32x4.splat(0)
  left = beyond
  for (let at = weights; at < end; at += 16) {
    const weight = v128.andnot(exp2x4(f32x4.sub(v128.load(at), largest)), i32x4.shr_s(left, 31))
    v128.store(at, f32x4.mul(weight, factors))
    sum = f32x4.add(sum, weight)
    left = i32x4.sub(left, i32x4.splat(1))
  }
  const lowered = exp2x4(f32x4.sub(before, largest))
  v128.store(tail, largest, LARGEST)
  v128.store(tail, madd(v128.load(tail, SUM), lowered, sum), SUM)
  return lowered
}

/** values[row] = values[row] · lowered + Σ weights[p][row] · v[p], two vectors of each row at a time. */
@inline
function mix<T, Rows>(
  weights: usize,
  values: usize,
  stride: usize,
  state: usize,
  n: i32,
  headDim: i32,
  lowered: v128,
): void {
  for (; headDim >= 8; headDim -= 8) {
    mixVectors<T, Rows, Two>(weights, values, stride, state, n, lowered)
    values += 2 * changetype<T>(values).bytes4
    state += 32 * <usize>count<Rows>()
  }
  if (headDim) mixVectors<T, Rows, One>(weights, values, stride, state, n, lowered)
}

@inline
function mixVectors<T, Rows, Vectors>(
  weights: usize,
  values: usize,
  stride: usize,
  state: usize,
  n: i32,
  lowered: v128,
): void {
  const end = weights + (<usize>n << 4)
  const next = state + 16 * <usize>count<Rows>()
  const mask = v128.load(F16_MASK)
  const zero = f32x4.splat(0)
  let w = v128.shuffle<i32>(lowered, lowered, 0, 0, 0, 0)
  let a0 = f32x4.mul(v128.load(state), w)
  let a1 = count<Vectors>() > 1 ? f32x4.mul(v128.load(next), w) : zero
  w = v128.shuffle<i32>(lowered, lowered, 1, 1, 1, 1)
  let b0 = count<Rows>() > 1 ? f32x4.mul(v128.load(state, 16), w) : zero
  let b1 = count<Rows>() > 1 && count<Vectors>() > 1 ? f32x4.mul(v128.load(next, 16), w) : zero
  w = v128.shuffle<i32>(lowered, lowered, 2, 2, 2, 2)
  let c0 = count<Rows>() > 2 ? f32x4.mul(v128.load(state, 32), w) : zero
  let c1 = count<Rows>() > 2 && count<Vectors>() > 1 ? f32x4.mul(v128.load(next, 32), w) : zero
  w = v128.shuffle<i32>(lowered, lowered, 3, 3, 3, 3)
  let d0 = count<Rows>() > 3 ? f32x4.mul(v128.load(state, 48), w) : zero
  let d1 = count<Rows>() > 3 && count<Vectors>() > 1 ? f32x4.mul(v128.load(next, 48), w) : zero
  for (let at = weights; at < end; at += 16) {
    const all = v128.load(at)
    const v0 = changetype<T>(values).load4(mask)
    const v1 = count<Vectors>() > 1 ? changetype<T>(values + changetype<T>(values).bytes4).load4(mask) : zero
    w = v128.shuffle<i32>(all, all, 0, 0, 0, 0)
    a0 = madd(w, v0, a0)
    if (count<Vectors>() > 1) a1 = madd(w, v1, a1)
    if (count<Rows>() > 1) {
      w = v128.shuffle<i32>(all, all, 1, 1, 1, 1)
      b0 = madd(w, v0, b0)
      if (count<Vectors>() > 1) b1 = madd(w, v1, b1)
    }
    if (count<Rows>() > 2) {
      w = v128.shuffle<i32>(all, all, 2, 2, 2, 2)
      c0 = madd(w, v0, c0)
      if (count<Vectors>() > 1) c1 = madd(w, v1, c1)
    }
    if (count<Rows>() > 3) {
      w = v128.shuffle<i32>(all, all, 3, 3, 3, 3)
      d0 = madd(w, v0, d0)
      if (count<Vectors>() > 1) d1 = madd(w, v1, d1)
    }
    values += stride
  }
  v128.store(state, a0)
  if (count<Vectors>() > 1) v128.store(next, a1)
  if (count<Rows>() > 1) {
    v128.store(state, b0, 16)
    if (count<Vectors>() > 1) v128.store(next, b1, 16)
  }
  if (count<Rows>() > 2) {
    v128.store(state, c0, 32)
    if (count<Vectors>() > 1) v128.store(next, c1, 32)
  }
  if (count<Rows>() > 3) {
    v128.store(state, d0, 48)
    if (count<Vectors>() > 1) v128.store(next, d1, 48)
  }
}
