/**
 * Integer dot products of four rows' quants with two tokens' activations, at `x` and `y`, for decode of several sequences:
 * each row's quants are unpacked once and meet both tokens. Integers are exact in any order, so a token gets what rows.ts
 * gives it alone. The rows' four products are a vector's lanes; that of `x` goes to `to`, that of `y` 16 bytes behind it.
 */
import { dotAdd } from '../math/byte_dots'
import { sumsI16x8, sumsI32x4 } from './rows'

@inline
function pairs(a: v128, b: v128, x0: v128, x1: v128): v128 {
  return i16x8.add(i16x8.relaxed_dot_i8x16_i7x16_s(x0, a), i16x8.relaxed_dot_i8x16_i7x16_s(x1, b))
}

@inline
function bytes(a: v128, b: v128, x0: v128, x1: v128): v128 {
  return dotAdd(x1, b, dotAdd(x0, a, i32x4.splat(0)))
}

/** `dots32` of the relaxed build. */
@inline
export function twoDots32<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  step: i32,
  x: usize,
  y: usize,
  to: usize,
): void {
  const x0 = v128.load(x)
  const x1 = v128.load(x, 16)
  const y0 = v128.load(y)
  const y1 = v128.load(y, 16)
  if (changetype<T>(w0).bits == 8) {
    let p = changetype<T>(w0).quants(k, step)
    let q = changetype<T>(w0).quants(k + 1, step)
    const xa = bytes(p, q, x0, x1)
    const ya = bytes(p, q, y0, y1)
    p = changetype<T>(w1).quants(k, step)
    q = changetype<T>(w1).quants(k + 1, step)
    const xb = bytes(p, q, x0, x1)
    const yb = bytes(p, q, y0, y1)
    p = changetype<T>(w2).quants(k, step)
    q = changetype<T>(w2).quants(k + 1, step)
    const xc = bytes(p, q, x0, x1)
    const yc = bytes(p, q, y0, y1)
    p = changetype<T>(w3).quants(k, step)
    q = changetype<T>(w3).quants(k + 1, step)
    v128.store(to, sumsI32x4(xa, xb, xc, bytes(p, q, x0, x1)))
    v128.store(to, sumsI32x4(ya, yb, yc, bytes(p, q, y0, y1)), 16)
  } else {
    let p = changetype<T>(w0).quants(k, step)
    let q = changetype<T>(w0).quants(k + 1, step)
    const xa = pairs(p, q, x0, x1)
    const ya = pairs(p, q, y0, y1)
    p = changetype<T>(w1).quants(k, step)
    q = changetype<T>(w1).quants(k + 1, step)
    const xb = pairs(p, q, x0, x1)
    const yb = pairs(p, q, y0, y1)
    p = changetype<T>(w2).quants(k, step)
    q = changetype<T>(w2).quants(k + 1, step)
    const xc = pairs(p, q, x0, x1)
    const yc = pairs(p, q, y0, y1)
    p = changetype<T>(w3).quants(k, step)
    q = changetype<T>(w3).quants(k + 1, step)
    v128.store(to, sumsI16x8(xa, xb, xc, pairs(p, q, x0, x1), changetype<T>(w0).bits <= 4))
    v128.store(to, sumsI16x8(ya, yb, yc, pairs(p, q, y0, y1), changetype<T>(w0).bits <= 4), 16)
  }
}

@inline
function dot8(quants: v128, x: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, quants)
}

/** `dots16` of the relaxed build. */
@inline
export function twoDots16<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  step: i32,
  x: usize,
  y: usize,
  to: usize,
): void {
  const x0 = v128.load(x)
  const y0 = v128.load(y)
  const fours = changetype<T>(w0).bits <= 5
  let q = changetype<T>(w0).quants(k, step)
  const xa = dot8(q, x0)
  const ya = dot8(q, y0)
  q = changetype<T>(w1).quants(k, step)
  const xb = dot8(q, x0)
  const yb = dot8(q, y0)
  q = changetype<T>(w2).quants(k, step)
  const xc = dot8(q, x0)
  const yc = dot8(q, y0)
  q = changetype<T>(w3).quants(k, step)
  v128.store(to, sumsI16x8(xa, xb, xc, dot8(q, x0), fours))
  v128.store(to, sumsI16x8(ya, yb, yc, dot8(q, y0), fours), 16)
}

/** Eight quants as i16: `T` has `words(i)`, or they are made of its unsigned bytes. */
@inline
function words<T>(w: usize, i: i32): v128 {
  if (isDefined(changetype<T>(w).words)) return changetype<T>(w).words(i)
  const quants = changetype<T>(w).quants(i >> 1)
  return i & 1 ? i16x8.extend_high_i8x16_u(quants) : i16x8.extend_low_i8x16_u(quants)
}

@inline
function dot16(a: v128, b: v128, x0: v128, x1: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(a, x0), i32x4.dot_i16x8_s(b, x1))
}

/** Of a block of 32, with activations of 16 bits: half of it at a time, or registers would not do. */
@inline
export function twoDotsOfWords<T>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, y: usize, to: usize): void {
  let x0 = v128.load(x)
  let x1 = v128.load(x, 16)
  let y0 = v128.load(y)
  let y1 = v128.load(y, 16)
  let p = words<T>(w0, 0)
  let q = words<T>(w0, 1)
  let xa = dot16(p, q, x0, x1)
  let ya = dot16(p, q, y0, y1)
  p = words<T>(w1, 0)
  q = words<T>(w1, 1)
  let xb = dot16(p, q, x0, x1)
  let yb = dot16(p, q, y0, y1)
  p = words<T>(w2, 0)
  q = words<T>(w2, 1)
  let xc = dot16(p, q, x0, x1)
  let yc = dot16(p, q, y0, y1)
  p = words<T>(w3, 0)
  q = words<T>(w3, 1)
  let xd = dot16(p, q, x0, x1)
  let yd = dot16(p, q, y0, y1)
  x0 = v128.load(x, 32)
  x1 = v128.load(x, 48)
  y0 = v128.load(y, 32)
  y1 = v128.load(y, 48)
  p = words<T>(w0, 2)
  q = words<T>(w0, 3)
  xa = i32x4.add(xa, dot16(p, q, x0, x1))
  ya = i32x4.add(ya, dot16(p, q, y0, y1))
  p = words<T>(w1, 2)
  q = words<T>(w1, 3)
  xb = i32x4.add(xb, dot16(p, q, x0, x1))
  yb = i32x4.add(yb, dot16(p, q, y0, y1))
  p = words<T>(w2, 2)
  q = words<T>(w2, 3)
  xc = i32x4.add(xc, dot16(p, q, x0, x1))
  yc = i32x4.add(yc, dot16(p, q, y0, y1))
  p = words<T>(w3, 2)
  q = words<T>(w3, 3)
  xd = i32x4.add(xd, dot16(p, q, x0, x1))
  yd = i32x4.add(yd, dot16(p, q, y0, y1))
  v128.store(to, sumsI32x4(xa, xb, xc, xd))
  v128.store(to, sumsI32x4(ya, yb, yc, yd), 16)
}
