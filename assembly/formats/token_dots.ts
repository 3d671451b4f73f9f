/**
 * Integer dot products of four rows' quants with several tokens' activations, for decode of a batch: each row's quants are
 * unpacked once and meet all tokens. Integers are exact in any order, so every token gets what `dots32` or `dots16` of
 * rows.ts gives it alone.
 *
 * `D` is how products are made, by the kind of activations: up to four vectors of a row's quants, `part(i, k, step)`, and
 * `dot` of these with the activations at the pointer. `N` is how many tokens there are.
 */
import { dotAdd } from '../math/byte_dots'
import { constant, ONES_I16 } from '../math/constants'

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

/** 32 quants of at most 5 bits, activations of 8: products in i16 lanes. */
@unmanaged
export class Pairs32<T> {
  @inline get wide(): bool {
    return false
  }
  /** Whether four i16 lanes' sums fit into one. */
  @inline get fours(): bool {
    return changetype<T>(0).bits <= 4
  }
  @inline part(i: i32, k: i32, step: i32): v128 {
    return changetype<T>(changetype<usize>(this)).quants(k + (i & 1), step)
  }
  @inline dot(a: v128, b: v128, _c: v128, _d: v128): v128 {
    const x = changetype<usize>(this)
    return i16x8.add(
      i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(x), a),
      i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(x, 16), b),
    )
  }
}

/** 16 quants of at most 6 bits, activations of 8. */
@unmanaged
export class Pairs16<T> {
  @inline get wide(): bool {
    return false
  }
  @inline get fours(): bool {
    return changetype<T>(0).bits <= 5
  }
  @inline part(_i: i32, k: i32, step: i32): v128 {
    return changetype<T>(changetype<usize>(this)).quants(k, step)
  }
  @inline dot(a: v128, _b: v128, _c: v128, _d: v128): v128 {
    return i16x8.relaxed_dot_i8x16_i7x16_s(v128.load(changetype<usize>(this)), a)
  }
}

/** 32 quants of 8 bits, activations of 8, where `BYTE_DOTS` says that it can be done. */
@unmanaged
export class Bytes32<T> {
  @inline get wide(): bool {
    return true
  }
  @inline get fours(): bool {
    return false
  }
  @inline part(i: i32, k: i32, step: i32): v128 {
    return changetype<T>(changetype<usize>(this)).quants(k + (i & 1), step)
  }
  @inline dot(a: v128, b: v128, _c: v128, _d: v128): v128 {
    const x = changetype<usize>(this)
    return dotAdd(v128.load(x, 16), b, dotAdd(v128.load(x), a, i32x4.splat(0)))
  }
}

/** 32 quants, activations of 16 bits; `T` has `words(i, k, step)`, eight of them as i16. */
@unmanaged
export class Words32<T> {
  @inline get wide(): bool {
    return true
  }
  @inline get fours(): bool {
    return false
  }
  @inline part(i: i32, k: i32, step: i32): v128 {
    return wordsOf<T>(changetype<usize>(this), i, k, step)
  }
  @inline dot(a: v128, b: v128, c: v128, d: v128): v128 {
    const x = changetype<usize>(this)
    return i32x4.add(
      i32x4.add(i32x4.dot_i16x8_s(a, v128.load(x)), i32x4.dot_i16x8_s(b, v128.load(x, 16))),
      i32x4.add(i32x4.dot_i16x8_s(c, v128.load(x, 32)), i32x4.dot_i16x8_s(d, v128.load(x, 48))),
    )
  }
}

@inline
function wordsOf<T>(w: usize, i: i32, k: i32, step: i32): v128 {
  if (isDefined(changetype<T>(w).words)) return changetype<T>(w).words(i)
  const quants = changetype<T>(w).quants(k + (i >> 1), step)
  return i & 1 ? i16x8.extend_high_i8x16_u(quants) : i16x8.extend_low_i8x16_u(quants)
}

/** Two rows' sums within their vectors, side by side. */
@inline
function pairsOf<D>(a: v128, b: v128): v128 {
  const even = v128.shuffle<i32>(a, b, 0, 4, 1, 5)
  const odd = v128.shuffle<i32>(a, b, 2, 6, 3, 7)
  return changetype<D>(0).wide ? i32x4.add(even, odd) : i16x8.add(even, odd)
}

/** Four rows' sums as i32 lanes, from what `pairsOf` made of two and two. */
@inline
function foursOf<D>(ab: v128, cd: v128): v128 {
  if (changetype<D>(0).wide) return i32x4.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3))
  const ones = constant(ONES_I16)
  if (changetype<D>(0).fours) {
    return i32x4.dot_i16x8_s(i16x8.add(v128.shuffle<i64>(ab, cd, 0, 2), v128.shuffle<i64>(ab, cd, 1, 3)), ones)
  }
  const ab2 = i32x4.dot_i16x8_s(ab, ones)
  const cd2 = i32x4.dot_i16x8_s(cd, ones)
  return i32x4.add(v128.shuffle<i64>(ab2, cd2, 0, 2), v128.shuffle<i64>(ab2, cd2, 1, 3))
}

/**
 * The products of the rows' quants k with the activations at `x`, and those of further tokens, each `far` bytes behind the
 * one before. A token's four go to 16 bytes at `to`, one token after another.
 */
@inline
export function tokenDots<D, N>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  step: i32,
  x0: usize,
  far: usize,
  to: usize,
): void {
  const x1 = x0 + far
  const x2 = x1 + far
  const x3 = x2 + far
  const four = changetype<N>(0).tokens == 4
  let p = changetype<D>(w0).part(0, k, step)
  let q = changetype<D>(w0).part(1, k, step)
  let r = changetype<D>(w0).part(2, k, step)
  let s = changetype<D>(w0).part(3, k, step)
  const a0 = changetype<D>(x0).dot(p, q, r, s)
  const a1 = changetype<D>(x1).dot(p, q, r, s)
  const a2 = four ? changetype<D>(x2).dot(p, q, r, s) : a0
  const a3 = four ? changetype<D>(x3).dot(p, q, r, s) : a0
  p = changetype<D>(w1).part(0, k, step)
  q = changetype<D>(w1).part(1, k, step)
  r = changetype<D>(w1).part(2, k, step)
  s = changetype<D>(w1).part(3, k, step)
  const ab0 = pairsOf<D>(a0, changetype<D>(x0).dot(p, q, r, s))
  const ab1 = pairsOf<D>(a1, changetype<D>(x1).dot(p, q, r, s))
  const ab2 = four ? pairsOf<D>(a2, changetype<D>(x2).dot(p, q, r, s)) : a0
  const ab3 = four ? pairsOf<D>(a3, changetype<D>(x3).dot(p, q, r, s)) : a0
  p = changetype<D>(w2).part(0, k, step)
  q = changetype<D>(w2).part(1, k, step)
  r = changetype<D>(w2).part(2, k, step)
  s = changetype<D>(w2).part(3, k, step)
  const c0 = changetype<D>(x0).dot(p, q, r, s)
  const c1 = changetype<D>(x1).dot(p, q, r, s)
  const c2 = four ? changetype<D>(x2).dot(p, q, r, s) : c0
  const c3 = four ? changetype<D>(x3).dot(p, q, r, s) : c0
  p = changetype<D>(w3).part(0, k, step)
  q = changetype<D>(w3).part(1, k, step)
  r = changetype<D>(w3).part(2, k, step)
  s = changetype<D>(w3).part(3, k, step)
  v128.store(to, foursOf<D>(ab0, pairsOf<D>(c0, changetype<D>(x0).dot(p, q, r, s))))
  v128.store(to, foursOf<D>(ab1, pairsOf<D>(c1, changetype<D>(x1).dot(p, q, r, s))), 16)
  if (four) v128.store(to, foursOf<D>(ab2, pairsOf<D>(c2, changetype<D>(x2).dot(p, q, r, s))), 32)
  if (four) v128.store(to, foursOf<D>(ab3, pairsOf<D>(c3, changetype<D>(x3).dot(p, q, r, s))), 48)
}
