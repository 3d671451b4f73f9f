/**
 * Products of `Q4_Kx8` blocks with one token's activations, like those of q4_0x8_dots.ts. Integer sums are exact in any order and
 * the others run as in `addSuperBlocks`, so the results have the same bits as those of `Q4_K`.
 *
 * The inner loops take at most two vectors per half of the rows: V8 moves all loads of a loop's body before its products, and with
 * more of them it runs out of registers (Zen 5, in the cache: 18 GMAC/s with eight per half, 37 with two).
 */
import { dotAdd } from '../math/byte_dots'
import { BYTES_0F, BYTES_F0, constant, ONES_I16, WORDS_000F, WORDS_00F0, WORDS_0F00 } from '../math/constants'
import { loadFiniteF16x4 } from '../math/f16'
import { madd } from '../math/lanes'
import { minimums0, minimums4, scales0, scales4 } from './k_scales'
import { BYTES, DMIN, PACKED, PAIR, QUANTS } from './q4_kx8'
import { byte0, byte1 } from './rows'
import { dotMinimums } from './super_blocks'
import { NIBBLES } from './x8_nibbles'

/** Scales of four rows' sub-blocks 0…3, or with `half` 4…7: a byte of a lane each. `at`: the block, plus 16 for rows 4…7. */
@inline
function scalesOf(at: usize, half: i32): v128 {
  const packed0 = v128.load(at, PACKED)
  return half ? scales4(packed0, v128.load(at, PACKED + 64)) : scales0(packed0)
}

/** Adds a sub-block's integer products of four rows to those of the super-block. */
@inline
function added(dots: v128, scale: v128, factor: v128, products: v128): v128 {
  return madd(f32x4.convert_i32x4_s(i32x4.mul(dots, scale)), factor, products)
}

/** Adds a super-block to four rows' sums. `at` is where their d begin, `words` where their packed scales do, less `PACKED`. */
@inline
function finished(at: usize, words: usize, products: v128, sums: usize, sum: v128): v128 {
  const packed1 = v128.load(words, PACKED + 32)
  const packed2 = v128.load(words, PACKED + 64)
  const minimums = f32x4.add(
    dotMinimums(minimums0(packed1), sums),
    dotMinimums(minimums4(packed1, packed2), sums + 32),
  )
  sum = f32x4.sub(sum, f32x4.mul(loadFiniteF16x4(at + DMIN), minimums))
  return madd(loadFiniteF16x4(at), products, sum)
}

/** 8-bit activations where `BYTE_DOTS` holds: high nibbles count 16 times until the end of a sub-block. */
@unmanaged
export class Q4_Kx8Bytes {
  @inline add(x: usize, scale: usize, sums: usize, _total: usize, end: usize, to: usize): void {
    const lows = constant(BYTES_0F)
    const highs = constant(BYTES_F0)
    const none = i32x4.splat(0)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; w += BYTES, sums += 64) {
      let productsA = f32x4.splat(0)
      let productsB = f32x4.splat(0)
      let quants = w + QUANTS
      for (let half = 0; half < 2; half++) {
        let scalesA = scalesOf(w, half)
        let scalesB = scalesOf(w + 16, half)
        for (let pair = 0; pair < 2; pair++, quants += PAIR, x += 32, scale += 8) {
          let lowA = none
          let lowB = none
          let highA = none
          let highB = none
          for (let at = quants, last = quants + PAIR; at < last; at += 2 * NIBBLES, x += 8) {
            const a = v128.load(at)
            const b = v128.load(at, 16)
            const c = v128.load(at, 32)
            const d = v128.load(at, 48)
            const low = v128.load32_splat(x)
            const high = v128.load32_splat(x, 32)
            const low1 = v128.load32_splat(x, 4)
            const high1 = v128.load32_splat(x, 36)
            lowA = dotAdd(low1, v128.and(c, lows), dotAdd(low, v128.and(a, lows), lowA))
            lowB = dotAdd(low1, v128.and(d, lows), dotAdd(low, v128.and(b, lows), lowB))
            highA = dotAdd(high1, v128.and(c, highs), dotAdd(high, v128.and(a, highs), highA))
            highB = dotAdd(high1, v128.and(d, highs), dotAdd(high, v128.and(b, highs), highB))
          }
          highA = i32x4.shr_s(highA, 4)
          highB = i32x4.shr_s(highB, 4)
          const factor = v128.load32_splat(scale)
          productsA = added(lowA, byte0(scalesA), factor, productsA)
          productsB = added(lowB, byte0(scalesB), factor, productsB)
          const next = v128.load32_splat(scale, 4)
          productsA = added(highA, byte1(scalesA), next, productsA)
          productsB = added(highB, byte1(scalesB), next, productsB)
          scalesA = i32x4.shr_u(scalesA, 16)
          scalesB = i32x4.shr_u(scalesB, 16)
        }
      }
      sumA = finished(w, w, productsA, sums, sumA)
      sumB = finished(w + 8, w + 16, productsB, sums, sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}

/** Adds sums of two products of bytes each, in 16-bit lanes. */
@inline
function pairs(x: v128, quants: v128, sum: v128): v128 {
  return i16x8.add(sum, i16x8.relaxed_dot_i8x16_i7x16_s(x, quants))
}

/** The high nibbles. */
@inline
function upper(q: v128, lows: v128): v128 {
  return v128.and(i16x8.shr_u(q, 4), lows)
}

/** 8-bit activations elsewhere: the sum of a sub-block's products fits into 16 bits, 15 × 127 × 16 < 2^15. */
@unmanaged
export class Q4_Kx8Pairs {
  @inline add(x: usize, scale: usize, sums: usize, _total: usize, end: usize, to: usize): void {
    const lows = constant(BYTES_0F)
    const ones = constant(ONES_I16)
    const none = i32x4.splat(0)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; w += BYTES, sums += 64) {
      let productsA = f32x4.splat(0)
      let productsB = f32x4.splat(0)
      let quants = w + QUANTS
      for (let half = 0; half < 2; half++) {
        let scalesA = scalesOf(w, half)
        let scalesB = scalesOf(w + 16, half)
        for (let pair = 0; pair < 2; pair++, quants += PAIR, x += 32, scale += 8) {
          let lowsA = none
          let lowsB = none
          let highsA = none
          let highsB = none
          for (let at = quants, last = quants + PAIR; at < last; at += 2 * NIBBLES, x += 8) {
            const a = v128.load(at)
            const b = v128.load(at, 16)
            const c = v128.load(at, 32)
            const d = v128.load(at, 48)
            const low = v128.load32_splat(x)
            const high = v128.load32_splat(x, 32)
            const low1 = v128.load32_splat(x, 4)
            const high1 = v128.load32_splat(x, 36)
            lowsA = pairs(low1, v128.and(c, lows), pairs(low, v128.and(a, lows), lowsA))
            lowsB = pairs(low1, v128.and(d, lows), pairs(low, v128.and(b, lows), lowsB))
            highsA = pairs(high1, upper(c, lows), pairs(high, upper(a, lows), highsA))
            highsB = pairs(high1, upper(d, lows), pairs(high, upper(b, lows), highsB))
          }
          const lowA = i32x4.dot_i16x8_s(lowsA, ones)
          const lowB = i32x4.dot_i16x8_s(lowsB, ones)
          const highA = i32x4.dot_i16x8_s(highsA, ones)
          const highB = i32x4.dot_i16x8_s(highsB, ones)
          const factor = v128.load32_splat(scale)
          productsA = added(lowA, byte0(scalesA), factor, productsA)
          productsB = added(lowB, byte0(scalesB), factor, productsB)
          const next = v128.load32_splat(scale, 4)
          productsA = added(highA, byte1(scalesA), next, productsA)
          productsB = added(highB, byte1(scalesB), next, productsB)
          scalesA = i32x4.shr_u(scalesA, 16)
          scalesB = i32x4.shr_u(scalesB, 16)
        }
      }
      sumA = finished(w, w, productsA, sums, sumA)
      sumB = finished(w + 8, w + 16, productsB, sums, sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}

/** Adds sums of two products of 16 bits each. */
@inline
function words(quants: v128, x: v128, sum: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(quants, x))
}

/**
 * 16-bit activations. Of the four nibbles of a 16-bit word, two of each sub-block, the second and third count 16 and 256 times
 * until the end of the sub-block: 3840 × 32767 × 16 < 2^31.
 */
@unmanaged
export class Q4_Kx8Wide {
  @inline add(x: usize, scale: usize, sums: usize, _total: usize, end: usize, to: usize): void {
    const first = constant(WORDS_000F)
    const second = constant(WORDS_00F0)
    const third = constant(WORDS_0F00)
    const none = i32x4.splat(0)
    let sumA = v128.load(to)
    let sumB = v128.load(to, 16)
    for (let w = changetype<usize>(this); x < end; w += BYTES, sums += 64) {
      let productsA = f32x4.splat(0)
      let productsB = f32x4.splat(0)
      let quants = w + QUANTS
      for (let half = 0; half < 2; half++) {
        let scalesA = scalesOf(w, half)
        let scalesB = scalesOf(w + 16, half)
        for (let pair = 0; pair < 2; pair++, quants += PAIR, x += 64, scale += 8) {
          let onesA = none
          let onesB = none
          let sixteensA = none
          let sixteensB = none
          let manyA = none
          let manyB = none
          let lastA = none
          let lastB = none
          for (let at = quants, end = quants + PAIR; at < end; at += NIBBLES, x += 8) {
            const a = v128.load(at)
            const b = v128.load(at, 16)
            let v = v128.load32_splat(x)
            onesA = words(v128.and(a, first), v, onesA)
            onesB = words(v128.and(b, first), v, onesB)
            v = v128.load32_splat(x, 4)
            manyA = words(v128.and(a, third), v, manyA)
            manyB = words(v128.and(b, third), v, manyB)
            v = v128.load32_splat(x, 64)
            sixteensA = words(v128.and(a, second), v, sixteensA)
            sixteensB = words(v128.and(b, second), v, sixteensB)
            v = v128.load32_splat(x, 68)
            lastA = words(i16x8.shr_u(a, 12), v, lastA)
            lastB = words(i16x8.shr_u(b, 12), v, lastB)
          }
          const lowA = i32x4.add(onesA, i32x4.shr_s(manyA, 8))
          const lowB = i32x4.add(onesB, i32x4.shr_s(manyB, 8))
          const highA = i32x4.add(lastA, i32x4.shr_s(sixteensA, 4))
          const highB = i32x4.add(lastB, i32x4.shr_s(sixteensB, 4))
          const factor = v128.load32_splat(scale)
          productsA = added(lowA, byte0(scalesA), factor, productsA)
          productsB = added(lowB, byte0(scalesB), factor, productsB)
          const next = v128.load32_splat(scale, 4)
          productsA = added(highA, byte1(scalesA), next, productsA)
          productsB = added(highB, byte1(scalesB), next, productsB)
          scalesA = i32x4.shr_u(scalesA, 16)
          scalesB = i32x4.shr_u(scalesB, 16)
        }
      }
      sumA = finished(w, w, productsA, sums, sumA)
      sumB = finished(w + 8, w + 16, productsB, sums, sumB)
    }
    v128.store(to, sumB, 16)
    v128.store(to, sumA)
  }
}
