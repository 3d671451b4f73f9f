/**
 * Products of `Q4_0x8` blocks with one token's activations. A lane is a row, four columns at a time; integer sums are exact
 * in any order, so the results have the same bits as those of `Q4_0`.
 *
 * `add(x, scale, sums, total, end, to)` multiplies blocks from the pointer on: `x` … `end` are the activations, `scale`, `sums`
 * and `total` those of their first block (see ../README.md); the products are added to `to`, f32[8]. The vectors of the eight
 * rows are processed in pairs, 16 bytes apart, which an engine can join to 32-byte vectors.
 */
import { dotAdd } from '../math/byte_dots'
import { BYTES_0F, BYTES_F0, constant, ONES_I16, WORDS_000F, WORDS_00F0, WORDS_0F00 } from '../math/constants'
import { loadFiniteHalves } from '../math/f16'
import { madd } from '../math/lanes'

const BYTES: usize = 144

/** The correction of four rows' dot products for quants that are stored plus 8. */
@inline
function zeros(total: usize): v128 {
  return i32x4.shl(v128.load32_splat(total), 3)
}

@inline
function accumulated(dots: v128, x: v128, scales: v128, sum: v128): v128 {
  return madd(f32x4.mul(f32x4.convert_i32x4_s(dots), x), scales, sum)
}

/** 8-bit activations where `BYTE_DOTS` holds: high nibbles count 16 times until the end. */
@unmanaged
export class Q4_0x8Bytes {
  @inline add(x: usize, scale: usize, _sums: usize, total: usize, end: usize, to: usize): void {
    const lows = constant(BYTES_0F)
    const highs = constant(BYTES_F0)
    const none = i32x4.splat(0)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; x += 32, w += BYTES, scale += 4, total += 4) {
      let a = v128.load(w, 16)
      let b = v128.load(w, 32)
      let low = v128.load32_splat(x)
      let high = v128.load32_splat(x, 16)
      let lowA = dotAdd(low, v128.and(a, lows), none)
      let lowB = dotAdd(low, v128.and(b, lows), none)
      let highA = dotAdd(high, v128.and(a, highs), none)
      let highB = dotAdd(high, v128.and(b, highs), none)
      a = v128.load(w, 48)
      b = v128.load(w, 64)
      low = v128.load32_splat(x, 4)
      high = v128.load32_splat(x, 20)
      lowA = dotAdd(low, v128.and(a, lows), lowA)
      lowB = dotAdd(low, v128.and(b, lows), lowB)
      highA = dotAdd(high, v128.and(a, highs), highA)
      highB = dotAdd(high, v128.and(b, highs), highB)
      a = v128.load(w, 80)
      b = v128.load(w, 96)
      low = v128.load32_splat(x, 8)
      high = v128.load32_splat(x, 24)
      lowA = dotAdd(low, v128.and(a, lows), lowA)
      lowB = dotAdd(low, v128.and(b, lows), lowB)
      highA = dotAdd(high, v128.and(a, highs), highA)
      highB = dotAdd(high, v128.and(b, highs), highB)
      a = v128.load(w, 112)
      b = v128.load(w, 128)
      low = v128.load32_splat(x, 12)
      high = v128.load32_splat(x, 28)
      lowA = dotAdd(low, v128.and(a, lows), lowA)
      lowB = dotAdd(low, v128.and(b, lows), lowB)
      highA = dotAdd(high, v128.and(a, highs), highA)
      highB = dotAdd(high, v128.and(b, highs), highB)
      const zero = zeros(total)
      const factor = v128.load32_splat(scale)
      const dotsA = i32x4.sub(i32x4.add(lowA, i32x4.shr_s(highA, 4)), zero)
      const dotsB = i32x4.sub(i32x4.add(lowB, i32x4.shr_s(highB, 4)), zero)
      sumA = accumulated(dotsA, factor, loadFiniteHalves(w), sumA)
      sumB = accumulated(dotsB, factor, loadFiniteHalves(w + 8), sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}

/** Sums of two products of bytes each, in 16-bit lanes. */
@inline
function dot8(x: v128, quants: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, quants)
}

@inline
function high8(q: v128, lows: v128): v128 {
  return v128.and(i16x8.shr_u(q, 4), lows)
}

/** 8-bit activations elsewhere: the sum of a block's products fits into 16 bits, 15 × 127 × 16 < 2^15. */
@unmanaged
export class Q4_0x8Pairs {
  @inline add(x: usize, scale: usize, _sums: usize, total: usize, end: usize, to: usize): void {
    const lows = constant(BYTES_0F)
    const ones = constant(ONES_I16)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; x += 32, w += BYTES, scale += 4, total += 4) {
      let a = v128.load(w, 16)
      let b = v128.load(w, 32)
      let low = v128.load32_splat(x)
      let high = v128.load32_splat(x, 16)
      let pairsA = i16x8.add(dot8(low, v128.and(a, lows)), dot8(high, high8(a, lows)))
      let pairsB = i16x8.add(dot8(low, v128.and(b, lows)), dot8(high, high8(b, lows)))
      a = v128.load(w, 48)
      b = v128.load(w, 64)
      low = v128.load32_splat(x, 4)
      high = v128.load32_splat(x, 20)
      pairsA = i16x8.add(pairsA, i16x8.add(dot8(low, v128.and(a, lows)), dot8(high, high8(a, lows))))
      pairsB = i16x8.add(pairsB, i16x8.add(dot8(low, v128.and(b, lows)), dot8(high, high8(b, lows))))
      a = v128.load(w, 80)
      b = v128.load(w, 96)
      low = v128.load32_splat(x, 8)
      high = v128.load32_splat(x, 24)
      pairsA = i16x8.add(pairsA, i16x8.add(dot8(low, v128.and(a, lows)), dot8(high, high8(a, lows))))
      pairsB = i16x8.add(pairsB, i16x8.add(dot8(low, v128.and(b, lows)), dot8(high, high8(b, lows))))
      a = v128.load(w, 112)
      b = v128.load(w, 128)
      low = v128.load32_splat(x, 12)
      high = v128.load32_splat(x, 28)
      pairsA = i16x8.add(pairsA, i16x8.add(dot8(low, v128.and(a, lows)), dot8(high, high8(a, lows))))
      pairsB = i16x8.add(pairsB, i16x8.add(dot8(low, v128.and(b, lows)), dot8(high, high8(b, lows))))
      const zero = zeros(total)
      const factor = v128.load32_splat(scale)
      const dotsA = i32x4.sub(i32x4.dot_i16x8_s(pairsA, ones), zero)
      const dotsB = i32x4.sub(i32x4.dot_i16x8_s(pairsB, ones), zero)
      sumA = accumulated(dotsA, factor, loadFiniteHalves(w), sumA)
      sumB = accumulated(dotsB, factor, loadFiniteHalves(w + 8), sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}

@inline
function dot16(quants: v128, x: v128): v128 {
  return i32x4.dot_i16x8_s(quants, x)
}

/**
 * 16-bit activations. Of the four nibbles of a 16-bit word, the second and third count 16 and 256 times until the end, so
 * that only the last one is shifted: 3840 × 32767 × 8 < 2^31.
 */
@unmanaged
export class Q4_0x8Wide {
  @inline add(x: usize, scale: usize, _sums: usize, total: usize, end: usize, to: usize): void {
    const first = constant(WORDS_000F)
    const second = constant(WORDS_00F0)
    const third = constant(WORDS_0F00)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; x += 64, w += BYTES, scale += 4, total += 4) {
      let a = v128.load(w, 16)
      let b = v128.load(w, 32)
      let v = v128.load32_splat(x)
      let onesA = dot16(v128.and(a, first), v)
      let onesB = dot16(v128.and(b, first), v)
      v = v128.load32_splat(x, 36)
      onesA = i32x4.add(onesA, dot16(i16x8.shr_u(a, 12), v))
      onesB = i32x4.add(onesB, dot16(i16x8.shr_u(b, 12), v))
      v = v128.load32_splat(x, 32)
      let sixteensA = dot16(v128.and(a, second), v)
      let sixteensB = dot16(v128.and(b, second), v)
      v = v128.load32_splat(x, 4)
      let manyA = dot16(v128.and(a, third), v)
      let manyB = dot16(v128.and(b, third), v)

      a = v128.load(w, 48)
      b = v128.load(w, 64)
      v = v128.load32_splat(x, 8)
      onesA = i32x4.add(onesA, dot16(v128.and(a, first), v))
      onesB = i32x4.add(onesB, dot16(v128.and(b, first), v))
      v = v128.load32_splat(x, 44)
      onesA = i32x4.add(onesA, dot16(i16x8.shr_u(a, 12), v))
      onesB = i32x4.add(onesB, dot16(i16x8.shr_u(b, 12), v))
      v = v128.load32_splat(x, 40)
      sixteensA = i32x4.add(sixteensA, dot16(v128.and(a, second), v))
      sixteensB = i32x4.add(sixteensB, dot16(v128.and(b, second), v))
      v = v128.load32_splat(x, 12)
      manyA = i32x4.add(manyA, dot16(v128.and(a, third), v))
      manyB = i32x4.add(manyB, dot16(v128.and(b, third), v))

      a = v128.load(w, 80)
      b = v128.load(w, 96)
      v = v128.load32_splat(x, 16)
      onesA = i32x4.add(onesA, dot16(v128.and(a, first), v))
      onesB = i32x4.add(onesB, dot16(v128.and(b, first), v))
      v = v128.load32_splat(x, 52)
      onesA = i32x4.add(onesA, dot16(i16x8.shr_u(a, 12), v))
      onesB = i32x4.add(onesB, dot16(i16x8.shr_u(b, 12), v))
      v = v128.load32_splat(x, 48)
      sixteensA = i32x4.add(sixteensA, dot16(v128.and(a, second), v))
      sixteensB = i32x4.add(sixteensB, dot16(v128.and(b, second), v))
      v = v128.load32_splat(x, 20)
      manyA = i32x4.add(manyA, dot16(v128.and(a, third), v))
      manyB = i32x4.add(manyB, dot16(v128.and(b, third), v))

      a = v128.load(w, 112)
      b = v128.load(w, 128)
      v = v128.load32_splat(x, 24)
      onesA = i32x4.add(onesA, dot16(v128.and(a, first), v))
      onesB = i32x4.add(onesB, dot16(v128.and(b, first), v))
      v = v128.load32_splat(x, 60)
      onesA = i32x4.add(onesA, dot16(i16x8.shr_u(a, 12), v))
      onesB = i32x4.add(onesB, dot16(i16x8.shr_u(b, 12), v))
      v = v128.load32_splat(x, 56)
      sixteensA = i32x4.add(sixteensA, dot16(v128.and(a, second), v))
      sixteensB = i32x4.add(sixteensB, dot16(v128.and(b, second), v))
      v = v128.load32_splat(x, 28)
      manyA = i32x4.add(manyA, dot16(v128.and(a, third), v))
      manyB = i32x4.add(manyB, dot16(v128.and(b, third), v))

      const zero = zeros(total)
      const factor = v128.load32_splat(scale)
      const dotsA = i32x4.add(onesA, i32x4.add(i32x4.shr_s(sixteensA, 4), i32x4.shr_s(manyA, 8)))
      const dotsB = i32x4.add(onesB, i32x4.add(i32x4.shr_s(sixteensB, 4), i32x4.shr_s(manyB, 8)))
      sumA = accumulated(i32x4.sub(dotsA, zero), factor, loadFiniteHalves(w), sumA)
      sumB = accumulated(i32x4.sub(dotsB, zero), factor, loadFiniteHalves(w + 8), sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}
