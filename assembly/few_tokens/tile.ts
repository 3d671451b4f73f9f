/**
 * The innermost loop: 32 columns of eight rows times the activations of two or four tokens. Of each token and row that is an
 * integer, exact in any order.
 *
 * Quants are vectors with 32 bits of each row (four columns of 8 bits, or two of 16), two for the same columns: of rows 0 … 3, and of
 * rows 4 … 7. A vector of activations holds one word of each of four tokens.
 */
import { dotAdd } from '../math/byte_dots'

/** Bytes of a block before its quants: room for two f32 of each row. */
export const HEAD: usize = 64

/**
 * What belongs to four tokens' activations of 32 columns: their scales, then two terms that the kernels choose; a word of
 * each token in turn.
 */
export const TERMS: usize = 48

/** Tokens of a tile. */
@unmanaged
export class Two {
  @inline get tokens(): i32 {
    return 2
  }
}

@unmanaged
export class Four {
  @inline get tokens(): i32 {
    return 4
  }
}

/** Word k of four tokens' in all lanes. */
@inline
export function word0(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 0, 0, 0, 0)
}
@inline
export function word1(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 1, 1, 1, 1)
}
@inline
export function word2(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 2, 2, 2, 2)
}
@inline
export function word3(x: v128): v128 {
  return v128.shuffle<i32>(x, x, 3, 3, 3, 3)
}

/** Sets the sums of `N` tokens to zero. */
@inline
export function clear<N>(sums: usize): void {
  const none = f32x4.splat(0)
  for (const end = sums + 32 * <usize>changetype<N>(0).tokens; sums < end; sums += 64) {
    v128.store(sums, none)
    v128.store(sums, none, 16)
    v128.store(sums, none, 32)
    v128.store(sums, none, 48)
  }
}

/**
 * Multiplies blocks with `N` tokens, whose activations are at `x`. The blocks' heads are from `panel` to `end`, their quants at a place
 * from `quants` on that `D` (products.ts) knows, which also makes the products. `K` has, with `changetype<K>(head)`:
 *
 * - `termPlace` and `termStep`: which of the tokens' terms belong to the block, and how far the next block's are;
 * - `start(term)`: what a token's sums begin with;
 * - `rows(0)` and `rows(16)`: numbers of rows 0 … 3 and 4 … 7;
 * - `accumulate(low, high, rows0, rows4, scale, term, to)`: adds a token's sums to those at `to`; each further token's are 32 bytes on.
 *
 * Each step of the loop takes one vector of both halves of the rows, no more: the engine moves a token's products next to each other,
 * so all quants and activations of a step are in registers. Where `D` takes a block twice, its first sums count 16 times.
 */
@inline
export function tile<D, K, N>(panel: usize, end: usize, quants: usize, x: usize, terms: usize, to: usize): void {
  const four = changetype<N>(0).tokens == 4
  const dots = changetype<D>(0)
  const begin = panel
  for (; panel < end; terms += changetype<K>(panel).termStep, panel += HEAD + dots.panelBytes) {
    const k = changetype<K>(panel)
    const term = v128.load(terms + k.termPlace)
    let a0 = dots.before(k.start(word0(term)))
    let a1 = dots.before(k.start(word1(term)))
    let a2 = dots.before(k.start(word2(term)))
    let a3 = dots.before(k.start(word3(term)))
    let b0 = a0
    let b1 = a1
    let b2 = a2
    let b3 = a3
    let isSecond = false
    if (dots.isTwice) x += 64
    for (;;) {
      const mask = dots.mask(panel - begin, isSecond)
      let at = quants + dots.place(panel - begin)
      for (const last = at + dots.bytes; at < last; at += 32, x += 16) {
        const w = dots.quants(at, mask)
        const v = dots.quants(at + 16, mask)
        const words = v128.load(x)
        a0 = dots.add(word0(words), w, a0)
        b0 = dots.add(word0(words), v, b0)
        a1 = dots.add(word1(words), w, a1)
        b1 = dots.add(word1(words), v, b1)
        if (four) {
          a2 = dots.add(word2(words), w, a2)
          b2 = dots.add(word2(words), v, b2)
          a3 = dots.add(word3(words), w, a3)
          b3 = dots.add(word3(words), v, b3)
        }
      }
      if (!dots.isTwice || isSecond) break
      a0 = i32x4.shr_s(a0, 4)
      a1 = i32x4.shr_s(a1, 4)
      a2 = i32x4.shr_s(a2, 4)
      a3 = i32x4.shr_s(a3, 4)
      b0 = i32x4.shr_s(b0, 4)
      b1 = i32x4.shr_s(b1, 4)
      b2 = i32x4.shr_s(b2, 4)
      b3 = i32x4.shr_s(b3, 4)
      isSecond = true
      x -= 128
    }
    if (dots.isTwice) x += 64
    accumulate<K, N>(panel, a0, a1, a2, a3, b0, b1, b2, b3, v128.load(terms), term, to)
  }
}

/** Gives the block whose head is at `head` the sums of each token: of rows 0 … 3, and of rows 4 … 7. */
@inline
function accumulate<K, N>(
  head: usize,
  low0: v128,
  low1: v128,
  low2: v128,
  low3: v128,
  high0: v128,
  high1: v128,
  high2: v128,
  high3: v128,
  scales: v128,
  terms: v128,
  to: usize,
): void {
  const k = changetype<K>(head)
  const p = k.rows(0)
  const q = k.rows(16)
  k.accumulate(low0, high0, p, q, word0(scales), word0(terms), to)
  k.accumulate(low1, high1, p, q, word1(scales), word1(terms), to + 32)
  if (changetype<N>(0).tokens == 4) {
    k.accumulate(low2, high2, p, q, word2(scales), word2(terms), to + 64)
    k.accumulate(low3, high3, p, q, word3(scales), word3(terms), to + 96)
  }
}

/** Four columns' products of quants of at most 6 bits in two i16 lanes of each row. */
@inline
function pairs(x: v128, w: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, w)
}

/** Eight columns: 63 × 127 × 2 × 2 < 2^15. */
@inline
function pairs8(x: v128, w: v128, y: v128, u: v128, factors: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(i16x8.add(pairs(x, w), pairs(y, u)), factors))
}

/**
 * The same with quants of 5 or 6 bits in a panel and activations of 8, where `BYTE_DOTS` does not hold. Sums are multiplied with
 * `changetype<K>(head).factorsAt(at, four)`, which may differ between the first sixteen columns, whose quants begin `HEAD` bytes behind
 * `at`, and the last.
 */
@inline
export function tile6<K, N>(panel: usize, end: usize, x: usize, terms: usize, to: usize): void {
  const four = changetype<N>(0).tokens == 4
  for (; panel < end; panel += HEAD + 256, terms += TERMS) {
    const k = changetype<K>(panel)
    const term = v128.load(terms, 16)
    let a0 = k.start(word0(term))
    let a1 = k.start(word1(term))
    let a2 = k.start(word2(term))
    let a3 = k.start(word3(term))
    let b0 = a0
    let b1 = a1
    let b2 = a2
    let b3 = a3
    for (let at = panel, last = panel + 256; at < last; at += 64, x += 32) {
      const f = k.factorsAt(at, 0)
      const g = k.factorsAt(at, 16)
      const w = v128.load(at, HEAD)
      const v = v128.load(at, HEAD + 16)
      const u = v128.load(at, HEAD + 32)
      const t = v128.load(at, HEAD + 48)
      const words = v128.load(x)
      const next = v128.load(x, 16)
      a0 = pairs8(word0(words), w, word0(next), u, f, a0)
      b0 = pairs8(word0(words), v, word0(next), t, g, b0)
      a1 = pairs8(word1(words), w, word1(next), u, f, a1)
      b1 = pairs8(word1(words), v, word1(next), t, g, b1)
      if (four) {
        a2 = pairs8(word2(words), w, word2(next), u, f, a2)
        b2 = pairs8(word2(words), v, word2(next), t, g, b2)
        a3 = pairs8(word3(words), w, word3(next), u, f, a3)
        b3 = pairs8(word3(words), v, word3(next), t, g, b3)
      }
    }
    accumulate<K, N>(panel, a0, a1, a2, a3, b0, b1, b2, b3, v128.load(terms), term, to)
  }
}

/**
 * The same where `BYTE_DOTS` holds, for blocks of which sixteen columns each have integer factors, `changetype<K>(head).rows(0)` and
 * `rows(16)`, then `rows(32)` and `rows(48)`.
 */
@inline
export function halves<K, N>(panel: usize, end: usize, x: usize, terms: usize, to: usize): void {
  const four = changetype<N>(0).tokens == 4
  const none = i32x4.splat(0)
  for (; panel < end; panel += HEAD + 256, terms += TERMS) {
    const k = changetype<K>(panel)
    let c0 = none
    let c1 = none
    let c2 = none
    let c3 = none
    let d0 = none
    let d1 = none
    let d2 = none
    let d3 = none
    for (let half: usize = 0; half < 64; half += 32) {
      let a0 = none
      let a1 = none
      let a2 = none
      let a3 = none
      let b0 = none
      let b1 = none
      let b2 = none
      let b3 = none
      const begin = panel + 4 * half
      for (let at = begin, last = begin + 128; at < last; at += 32, x += 16) {
        const w = v128.load(at, HEAD)
        const v = v128.load(at, HEAD + 16)
        const words = v128.load(x)
        a0 = dotAdd(word0(words), w, a0)
        b0 = dotAdd(word0(words), v, b0)
        a1 = dotAdd(word1(words), w, a1)
        b1 = dotAdd(word1(words), v, b1)
        if (four) {
          a2 = dotAdd(word2(words), w, a2)
          b2 = dotAdd(word2(words), v, b2)
          a3 = dotAdd(word3(words), w, a3)
          b3 = dotAdd(word3(words), v, b3)
        }
      }
      const p = k.rows(half)
      const q = k.rows(half + 16)
      c0 = i32x4.add(c0, i32x4.mul(a0, p))
      d0 = i32x4.add(d0, i32x4.mul(b0, q))
      c1 = i32x4.add(c1, i32x4.mul(a1, p))
      d1 = i32x4.add(d1, i32x4.mul(b1, q))
      if (four) {
        c2 = i32x4.add(c2, i32x4.mul(a2, p))
        d2 = i32x4.add(d2, i32x4.mul(b2, q))
        c3 = i32x4.add(c3, i32x4.mul(a3, p))
        d3 = i32x4.add(d3, i32x4.mul(b3, q))
      }
    }
    accumulate<K, N>(panel, c0, c1, c2, c3, d0, d1, d2, d3, v128.load(terms), none, to)
  }
}
