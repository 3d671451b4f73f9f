import { count, Four, One, Three, Two } from './attention-counts'
import { SCORE_ROW } from './attention-tile'
import { CachedF16, CachedF32 } from './cache-floats'
import { constant, HALF_BITS } from './math/constants'
import { madd } from './math/lanes'

/**
 * The scores of a tile's rows at `n` positions: of each row eight sums over every eighth element, in `sums` as
 * [n][TILE][8]; see attention-tile.ts.
 */
export function scoreBlock(
  type: i32,
  rows: i32,
  queries: usize,
  keys: usize,
  stride: usize,
  sums: usize,
  n: i32,
  headDim: i32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  if (type == 1) scoreOf<CachedF16>(rows, queries, keys, stride, sums, n, headDim, keysAhead, valuesAhead, aheadBytes)
  else scoreOf<CachedF32>(rows, queries, keys, stride, sums, n, headDim, keysAhead, valuesAhead, aheadBytes)
}

@inline
function scoreOf<T>(
  rows: i32,
  queries: usize,
  keys: usize,
  stride: usize,
  sums: usize,
  n: i32,
  headDim: i32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  const whole = headDim >> 3
  switch (rows) {
    case 1:
      score<T, One>(queries, keys, stride, sums, n, whole, keysAhead, valuesAhead, aheadBytes)
      break
    case 2:
      score<T, Two>(queries, keys, stride, sums, n, whole, keysAhead, valuesAhead, aheadBytes)
      break
    case 3:
      score<T, Three>(queries, keys, stride, sums, n, whole, keysAhead, valuesAhead, aheadBytes)
      break
    case 4:
      score<T, Four>(queries, keys, stride, sums, n, whole, keysAhead, valuesAhead, aheadBytes)
      break
  }
  if (headDim & 4) scoreLast<T>(rows, queries, keys, stride, sums, n, whole)
}

/** The first eight elements of each `whole`. */
function score<T, Rows>(
  queries: usize,
  keys: usize,
  stride: usize,
  sums: usize,
  n: i32,
  whole: i32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  const aheadEnd = keysAhead + aheadBytes
  const toValues = valuesAhead - keysAhead
  let aheadTo = keysAhead
  const aheadStep = aheadBytes / n
  let touched = 0

  const mask = constant(HALF_BITS)
  const zero = f32x4.splat(0)
  const end = queries + <usize>(whole * count<Rows>() * 32)
  for (const last = sums + <usize>n * SCORE_ROW; sums < last; sums += SCORE_ROW) {
    aheadTo = min(aheadTo + aheadStep, aheadEnd)
    for (; keysAhead < aheadTo; keysAhead += 64) touched ^= load<i32>(keysAhead) ^ load<i32>(keysAhead + toValues)
    let key = keys
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
      const k1 = changetype<T>(key).next4(mask)
      a0 = madd(v128.load(at), k0, a0)
      a1 = madd(v128.load(at, 16), k1, a1)
      if (count<Rows>() > 1) {
        b0 = madd(v128.load(at, 32), k0, b0)
        b1 = madd(v128.load(at, 48), k1, b1)
      }
      if (count<Rows>() > 2) {
        c0 = madd(v128.load(at, 64), k0, c0)
        c1 = madd(v128.load(at, 80), k1, c1)
      }
      if (count<Rows>() > 3) {
        d0 = madd(v128.load(at, 96), k0, d0)
        d1 = madd(v128.load(at, 112), k1, d1)
      }
      key += 2 * changetype<T>(key).bytes4
    }
    v128.store(sums, a1, 16)
    v128.store(sums, a0)
    if (count<Rows>() > 1) {
      v128.store(sums, b1, 48)
      v128.store(sums, b0, 32)
    }
    if (count<Rows>() > 2) {
      v128.store(sums, c1, 80)
      v128.store(sums, c0, 64)
    }
    if (count<Rows>() > 3) {
      v128.store(sums, d1, 112)
      v128.store(sums, d0, 96)
    }
    keys += stride
  }
  store<i32>(sums, touched)
}

/** The last four elements, where the head is not made of eights: few models have such, so it is short, not quick. */
function scoreLast<T>(
  rows: i32,
  queries: usize,
  keys: usize,
  stride: usize,
  sums: usize,
  n: i32,
  whole: i32,
): void {
  const mask = constant(HALF_BITS)
  queries += <usize>(whole * rows * 32)
  keys += 2 * <usize>whole * changetype<T>(keys).bytes4
  for (; n > 0; n--) {
    const key = changetype<T>(keys).load4(mask)
    for (let row: usize = 0; row < <usize>rows; row++) {
      const sum = v128.load(sums + row * 32)
      v128.store(sums + row * 32, madd(v128.load(queries + row * 16), key, sum))
    }
    sums += SCORE_ROW
    keys += stride
  }
}
