import { count } from './counts'
import { rowBytes, WEIGHTS } from './layout'
import { constant, HALF_BITS } from '../math/constants'
import { madd, sums4 } from '../math/lanes'

/**
 * Whether the sums of three or four rows take two passes over a head, four of each row's eight sums per pass, so that there
 * are registers for two positions and each load of a query serves both. It pays where madd is two instructions.
 */
@inline
function inTwoPasses<Rows>(): bool {
  return !ASC_FEATURE_RELAXED_SIMD && count<Rows>() > 2
}

/** Whether two positions are computed at a time: the sums must fit into registers. */
@inline
function twoPositions<Rows>(): bool {
  return WIDE || count<Rows>() < 3 || inTwoPasses<Rows>()
}

/**
 * Writes the scores of a tile's rows at `n` positions to `scores` as [n][TILE]: q[row] · k[p], from eight partial sums, each
 * over every eighth element. For the layouts see layout.ts; `scratch` has 256 bytes.
 *
 * Meanwhile `aheadBytes` at `keysAhead` and at `valuesAhead` are prefetched, a few cache lines per position.
 */
@inline
export function score<T, Rows>(
  queries: usize,
  keys: usize,
  stride: usize,
  scores: usize,
  scratch: usize,
  n: i32,
  headDim: i32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  const rows = count<Rows>()
  const two = twoPositions<Rows>()
  const mask = constant(HALF_BITS)
  const zero = f32x4.splat(0)
  const end = queries + rowBytes(rows, headDim & ~7)
  const toValues = valuesAhead - keysAhead
  const aheadStep = two ? (2 * aheadBytes) / (n + 1) : aheadBytes / n
  let aheadTo = keysAhead
  let fetched = 0
  for (let p = 0; p < n; p += two ? 2 : 1) {
    if (aheadStep) {
      aheadTo += aheadStep
      for (; keysAhead < aheadTo; keysAhead += 64) fetched ^= load<i32>(keysAhead) ^ load<i32>(keysAhead + toValues)
    }
    let key = keys
    // Past the last position its key is read again; the result is not used.
    let next = p + 1 < n ? keys + stride : keys
    if (inTwoPasses<Rows>()) {
      const bytes4 = changetype<T>(key).bytes4
      sumPass<T, Rows>(queries, end, key, next, scratch)
      sumPass<T, Rows>(queries + 16, end, key + bytes4, next + bytes4, scratch + 16)
      key += <usize>((headDim & ~7) >> 2) * bytes4
      next += <usize>((headDim & ~7) >> 2) * bytes4
      finish<T, Rows>(scores, scratch, end, key, headDim, mask, zero, zero, zero, zero, zero, zero, zero, zero)
      finish<T, Rows>(scores + WEIGHTS, scratch + 128, end, next, headDim, mask, zero, zero, zero, zero, zero, zero, zero, zero)
      scores += 2 * WEIGHTS
      keys += 2 * stride
      continue
    }
    let a0 = zero
    let a1 = zero
    let a2 = zero
    let a3 = zero
    let b0 = zero
    let b1 = zero
    let b2 = zero
    let b3 = zero
    let c0 = zero
    let c1 = zero
    let c2 = zero
    let c3 = zero
    let d0 = zero
    let d1 = zero
    let d2 = zero
    let d3 = zero
    for (let at = queries; at < end; at += 32 * <usize>rows) {
      const k0 = changetype<T>(key).load4(mask)
      const k1 = changetype<T>(key).next4(mask)
      const k2 = two ? changetype<T>(next).load4(mask) : zero
      const k3 = two ? changetype<T>(next).next4(mask) : zero
      const aLow = v128.load(at)
      const aHigh = v128.load(at, 16)
      a0 = madd(aLow, k0, a0)
      a1 = madd(aHigh, k1, a1)
      if (two) {
        a2 = madd(aLow, k2, a2)
        a3 = madd(aHigh, k3, a3)
      }
      if (count<Rows>() > 1) {
        const bLow = v128.load(at, 32)
        const bHigh = v128.load(at, 48)
        b0 = madd(bLow, k0, b0)
        b1 = madd(bHigh, k1, b1)
        if (two) {
          b2 = madd(bLow, k2, b2)
          b3 = madd(bHigh, k3, b3)
        }
      }
      if (count<Rows>() > 2) {
        const cLow = v128.load(at, 64)
        const cHigh = v128.load(at, 80)
        c0 = madd(cLow, k0, c0)
        c1 = madd(cHigh, k1, c1)
        if (two) {
          c2 = madd(cLow, k2, c2)
          c3 = madd(cHigh, k3, c3)
        }
      }
      if (count<Rows>() > 3) {
        const dLow = v128.load(at, 96)
        const dHigh = v128.load(at, 112)
        d0 = madd(dLow, k0, d0)
        d1 = madd(dHigh, k1, d1)
        if (two) {
          d2 = madd(dLow, k2, d2)
          d3 = madd(dHigh, k3, d3)
        }
      }
      key += 2 * changetype<T>(key).bytes4
      if (two) next += 2 * changetype<T>(next).bytes4
    }
    finish<T, Rows>(scores, scratch, end, key, headDim, mask, a0, a1, b0, b1, c0, c1, d0, d1)
    if (two) finish<T, Rows>(scores + WEIGHTS, scratch, end, next, headDim, mask, a2, a3, b2, b3, c2, c3, d2, d3)
    scores += two ? 2 * WEIGHTS : WEIGHTS
    keys += two ? 2 * stride : stride
  }
  // The engine may drop a load whose value is unused.
  store<i32>(scratch, fetched)
}

/** Four of the eight partial sums of each of three or four rows, for two positions, to `sums` as [2][TILE][8]. */
@inline
function sumPass<T, Rows>(queries: usize, end: usize, key: usize, next: usize, sums: usize): void {
  const mask = constant(HALF_BITS)
  const zero = f32x4.splat(0)
  let a0 = zero
  let a1 = zero
  let b0 = zero
  let b1 = zero
  let c0 = zero
  let c1 = zero
  let d0 = zero
  let d1 = zero
  for (let at = queries; at < end; at += 32 * <usize>count<Rows>()) {
    const k0 = changetype<T>(key).load4(mask)
    const k1 = changetype<T>(next).load4(mask)
    const a = v128.load(at)
    a0 = madd(a, k0, a0)
    a1 = madd(a, k1, a1)
    const b = v128.load(at, 32)
    b0 = madd(b, k0, b0)
    b1 = madd(b, k1, b1)
    const c = v128.load(at, 64)
    c0 = madd(c, k0, c0)
    c1 = madd(c, k1, c1)
    if (count<Rows>() > 3) {
      const d = v128.load(at, 96)
      d0 = madd(d, k0, d0)
      d1 = madd(d, k1, d1)
    }
    key += 2 * changetype<T>(key).bytes4
    next += 2 * changetype<T>(next).bytes4
  }
  v128.store(sums, a0)
  v128.store(sums, b0, 32)
  v128.store(sums, c0, 64)
  v128.store(sums, a1, 128)
  v128.store(sums, b1, 160)
  v128.store(sums, c1, 192)
  if (count<Rows>() > 3) {
    v128.store(sums, d0, 96)
    v128.store(sums, d1, 224)
  }
}

/** The scores of a position from each row's two vectors of sums, and from the last four elements if headDim % 8 is 4. */
@inline
function finish<T, Rows>(
  scores: usize,
  scratch: usize,
  lastQueries: usize,
  lastKey: usize,
  headDim: i32,
  mask: v128,
  a0: v128,
  a1: v128,
  b0: v128,
  b1: v128,
  c0: v128,
  c1: v128,
  d0: v128,
  d1: v128,
): void {
  if (WIDE) {
    // Joined pairs must end in stores.
    v128.store(scratch, a1, 16)
    v128.store(scratch, a0)
    if (count<Rows>() > 1) {
      v128.store(scratch, b1, 48)
      v128.store(scratch, b0, 32)
    }
    if (count<Rows>() > 2) {
      v128.store(scratch, c1, 80)
      v128.store(scratch, c0, 64)
    }
    if (count<Rows>() > 3) {
      v128.store(scratch, d1, 112)
      v128.store(scratch, d0, 96)
    }
  }
  if (WIDE || inTwoPasses<Rows>()) {
    a0 = v128.load(scratch)
    a1 = v128.load(scratch, 16)
    if (count<Rows>() > 1) {
      b0 = v128.load(scratch, 32)
      b1 = v128.load(scratch, 48)
    }
    if (count<Rows>() > 2) {
      c0 = v128.load(scratch, 64)
      c1 = v128.load(scratch, 80)
    }
    if (count<Rows>() > 3) {
      d0 = v128.load(scratch, 96)
      d1 = v128.load(scratch, 112)
    }
  }
  let a = f32x4.add(a0, a1)
  let b = count<Rows>() > 1 ? f32x4.add(b0, b1) : b0
  let c = count<Rows>() > 2 ? f32x4.add(c0, c1) : c0
  let d = count<Rows>() > 3 ? f32x4.add(d0, d1) : d0
  if (headDim & 4) {
    const k = changetype<T>(lastKey).load4(mask)
    a = madd(v128.load(lastQueries), k, a)
    if (count<Rows>() > 1) b = madd(v128.load(lastQueries, 16), k, b)
    if (count<Rows>() > 2) c = madd(v128.load(lastQueries, 32), k, c)
    if (count<Rows>() > 3) d = madd(v128.load(lastQueries, 48), k, d)
  }
  v128.store(scores, sums4(a, b, c, d))
}
