/**
 * Interleaved Q4_0 with its sums in a tile's order: the shipped loops, but that the scales' product is made first, and
 * `Sixteens` adds each half of a block to the sums, as the baseline's shipped tile does.
 */
import { BYTES_0F, constant, ONES_I16, WORDS_000F, WORDS_00F0, WORDS_0F00 } from '../../../../assembly/math/constants'
import { loadFiniteHalves } from '../../../../assembly/math/f16'
import { madd } from '../../../../assembly/math/lanes'
import { HALF_TOTALS } from './half-totals'

const BYTES: usize = 144

/** What counts too much for four rows, as unsigned quants have 8 for zero. */
@inline
function zeros(total: usize): v128 {
  return i32x4.shl(v128.load32_splat(total), 3)
}

@inline
function accumulated(dots: v128, x: v128, scales: v128, sum: v128): v128 {
  return madd(f32x4.convert_i32x4_s(dots), f32x4.mul(scales, x), sum)
}

/** Four products of bytes in two 16-bit lanes each. */
@inline
function dot8(x: v128, quants: v128): v128 {
  return i16x8.relaxed_dot_i8x16_i7x16_s(x, quants)
}

@inline
function high8(q: v128, lows: v128): v128 {
  return v128.and(i16x8.shr_u(q, 4), lows)
}

/** Activations of 8 bits on all other processors: all of a block's products fit into 16 bits, 15 × 127 × 16 < 2^15. */
@unmanaged
export class Q4_0Pairs {
  @inline add(x: usize, scale: usize, _halves: usize, total: usize, end: usize, sums: usize): void {
    const lows = constant(BYTES_0F)
    const ones = constant(ONES_I16)
    let sumA = v128.load(sums)
    let sumB = v128.load(sums, 16)
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
    v128.store(sums, sumB, 16)
    v128.store(sums, sumA)
  }
}

@inline
function dot16(quants: v128, x: v128): v128 {
  return i32x4.dot_i16x8_s(quants, x)
}

/** Where the totals of the activations at hand begin. */
let totalsBegin: usize = 0

export function beginSixteens(totals: usize): void {
  totalsBegin = totals
}

/**
 * Activations of 16 bits. Of the four nibbles of 16 bits the second and third count 16 and 256 times until the end, so
 * that none but the last is moved: 3840 × 32767 × 8 < 2^31.
 * Each half of a block is an integer of its own, and is added to the sums.
 */
@unmanaged
export class Q4_0Sixteens {
  @inline add(x: usize, scale: usize, _halves: usize, total: usize, end: usize, sums: usize): void {
    const first = constant(WORDS_000F)
    const second = constant(WORDS_00F0)
    const third = constant(WORDS_0F00)
    let sumA = v128.load(sums)
    let sumB = v128.load(sums, 16)
    for (let w = changetype<usize>(this); x < end; x += 64, w += BYTES, scale += 4, total += 4) {
      let a = v128.load(w, 16)
      let b = v128.load(w, 32)
      let v = v128.load32_splat(x)
      let onesA = dot16(v128.and(a, first), v)
      let onesB = dot16(v128.and(b, first), v)
      v = v128.load32_splat(x, 36)
      let upperA = dot16(i16x8.shr_u(a, 12), v)
      let upperB = dot16(i16x8.shr_u(b, 12), v)
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
      upperA = i32x4.add(upperA, dot16(i16x8.shr_u(a, 12), v))
      upperB = i32x4.add(upperB, dot16(i16x8.shr_u(b, 12), v))
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
      upperA = i32x4.add(upperA, dot16(i16x8.shr_u(a, 12), v))
      upperB = i32x4.add(upperB, dot16(i16x8.shr_u(b, 12), v))
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
      upperA = i32x4.add(upperA, dot16(i16x8.shr_u(a, 12), v))
      upperB = i32x4.add(upperB, dot16(i16x8.shr_u(b, 12), v))
      v = v128.load32_splat(x, 56)
      sixteensA = i32x4.add(sixteensA, dot16(v128.and(a, second), v))
      sixteensB = i32x4.add(sixteensB, dot16(v128.and(b, second), v))
      v = v128.load32_splat(x, 28)
      manyA = i32x4.add(manyA, dot16(v128.and(a, third), v))
      manyB = i32x4.add(manyB, dot16(v128.and(b, third), v))

      // Half totals have eight bytes per block, totals four.
      const halves = HALF_TOTALS + ((total - totalsBegin) << 1)
      const zeroLow = v128.load32_splat(halves)
      const zeroHigh = v128.load32_splat(halves, 4)
      const factor = v128.load32_splat(scale)
      const factorA = f32x4.mul(loadFiniteHalves(w), factor)
      const factorB = f32x4.mul(loadFiniteHalves(w + 8), factor)
      const lowA = i32x4.sub(i32x4.add(onesA, i32x4.shr_s(manyA, 8)), zeroLow)
      const lowB = i32x4.sub(i32x4.add(onesB, i32x4.shr_s(manyB, 8)), zeroLow)
      const highA = i32x4.sub(i32x4.add(upperA, i32x4.shr_s(sixteensA, 4)), zeroHigh)
      const highB = i32x4.sub(i32x4.add(upperB, i32x4.shr_s(sixteensB, 4)), zeroHigh)
      sumA = madd(f32x4.convert_i32x4_s(lowA), factorA, sumA)
      sumB = madd(f32x4.convert_i32x4_s(lowB), factorB, sumB)
      sumA = madd(f32x4.convert_i32x4_s(highA), factorA, sumA)
      sumB = madd(f32x4.convert_i32x4_s(highB), factorB, sumB)
    }
    v128.store(sums, sumB, 16)
    v128.store(sums, sumA)
  }
}
