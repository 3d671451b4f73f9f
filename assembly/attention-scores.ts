import { count } from './attention-counts'
import { rowBytes, WEIGHTS } from './attention-tile'
import { constant, HALF_BITS } from './math/constants'
import { madd, sums4 } from './math/lanes'

/**
 * The scores of a tile's rows at `n` positions, to `scores` as [n][TILE]: q[row] · k[p], of eight sums over every eighth
 * element. For the layouts see attention-tile.ts; `room` has 128 bytes.
 *
 * Meanwhile the processor is made to fetch what comes next, `aheadBytes` from `keysAhead` and from `valuesAhead` on.
 */
@inline
export function score<T, Rows>(
  queries: usize,
  keys: usize,
  stride: usize,
  scores: usize,
  room: usize,
  n: i32,
  headDim: i32,
  keysAhead: usize,
  valuesAhead: usize,
  aheadBytes: usize,
): void {
  const rows = count<Rows>()
  const mask = constant(HALF_BITS)
  const zero = f32x4.splat(0)
  const end = queries + rowBytes(rows, headDim & ~7)
  const toValues = valuesAhead - keysAhead
  const aheadStep = aheadBytes / n
  let aheadTo = keysAhead
  let fetched = 0
  for (const last = scores + <usize>n * WEIGHTS; scores < last; scores += WEIGHTS) {
    if (aheadStep) {
      aheadTo += aheadStep
      for (; keysAhead < aheadTo; keysAhead += 64) fetched ^= load<i32>(keysAhead) ^ load<i32>(keysAhead + toValues)
    }
    let key = keys
    let a0 = zero
    let a1 = zero
    let b0 = zero
    let b1 = zero
    let c0 = zero
    let c1 = zero
    let d0 = zero
    let d1 = zero
    for (let at = queries; at < end; at += 32 * <usize>rows) {
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
    if (WIDE) {
      // Joined pairs must end in stores.
      v128.store(room, a1, 16)
      v128.store(room, a0)
      if (count<Rows>() > 1) {
        v128.store(room, b1, 48)
        v128.store(room, b0, 32)
      }
      if (count<Rows>() > 2) {
        v128.store(room, c1, 80)
        v128.store(room, c0, 64)
      }
      if (count<Rows>() > 3) {
        v128.store(room, d1, 112)
        v128.store(room, d0, 96)
      }
      a0 = v128.load(room)
      a1 = v128.load(room, 16)
      if (count<Rows>() > 1) {
        b0 = v128.load(room, 32)
        b1 = v128.load(room, 48)
      }
      if (count<Rows>() > 2) {
        c0 = v128.load(room, 64)
        c1 = v128.load(room, 80)
      }
      if (count<Rows>() > 3) {
        d0 = v128.load(room, 96)
        d1 = v128.load(room, 112)
      }
    }
    let a = f32x4.add(a0, a1)
    let b = count<Rows>() > 1 ? f32x4.add(b0, b1) : zero
    let c = count<Rows>() > 2 ? f32x4.add(c0, c1) : zero
    let d = count<Rows>() > 3 ? f32x4.add(d0, d1) : zero
    if (headDim & 4) {
      // The last four elements of a head that is not made of eights.
      const k = changetype<T>(key).load4(mask)
      a = madd(v128.load(end), k, a)
      if (count<Rows>() > 1) b = madd(v128.load(end, 16), k, b)
      if (count<Rows>() > 2) c = madd(v128.load(end, 32), k, c)
      if (count<Rows>() > 3) d = madd(v128.load(end, 48), k, d)
    }
    v128.store(scores, sums4(a, b, c, d))
    keys += stride
  }
  // A load whose value nobody wants might be left out.
  store<i32>(room, fetched)
}
