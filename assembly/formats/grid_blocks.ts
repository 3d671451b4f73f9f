/**
 * The IQ formats with codebooks: 256 quants in eight sub-blocks of 32, with a scale for each 32, or for each half of 16;
 * w = d × factor × quant, with an odd integer as factor, so that every weight is exact in f32.
 *
 * A format `T` is a class of its own, which extends one of those below and has for its block
 * - `bytes`, `step`, `zero` and `bits`, see ../README.md;
 * - `d()` and `factor(k, sub)` of half `k` of sub-block `sub`; and for four rows `ds(w1, w2, w3)`, and `factors(words, k, sub)`,
 *   where `words` has the 32 bits at `wordsAt(sub)` of each row's block;
 * - `magnitudes(k, sub)` and `masks(k, sub)` (`SignedGrid`) or `quants(k, sub)` (`OffsetGrid`).
 */
import { dotAdd } from '../math/byte_dots'
import { madd, sumF32x4 } from '../math/lanes'
import { scaled, storeScaled } from './bytes'
import { negate } from './grids'
import { sumsI32x4, words4 } from './rows'

/** `signed(k, sub)`: the 16 quants of a half as signed bytes; `quants(k, sub)`: with `zero` added, so that they are unsigned. */
@unmanaged
export class Grid<T> {
  @inline get elements(): i32 {
    return 256
  }
  @inline get minimums(): bool {
    return false
  }
  /** Of the activations that `addBlock` takes. */
  @inline get width(): usize {
    return 1
  }

  @inline words(w1: usize, w2: usize, w3: usize, sub: i32): v128 {
    const w0 = changetype<usize>(this)
    const at = changetype<T>(w0).wordsAt(sub)
    return words4(w0 + at, w1 + at, w2 + at, w3 + at)
  }

  /** Exact, so equal to ggml's in whatever order its factors are multiplied. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    const bytes = <usize>changetype<T>(w).bytes
    for (const end = out + ((<usize>n) << 2); out < end; w += bytes) {
      const block = changetype<T>(w)
      const d = block.d()
      for (let sub: i32 = 0; sub < 8; sub++, out += 128) {
        storeScaled(out, block.signed(0, sub), f32x4.splat(d * <f32>block.factor(0, sub)))
        storeScaled(out + 64, block.signed(1, sub), f32x4.splat(d * <f32>block.factor(1, sub)))
      }
    }
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    const bytes = <usize>changetype<T>(w).bytes
    for (const end = quants + <usize>n; quants < end; w += bytes) {
      const block = changetype<T>(w)
      const d = block.d()
      for (let sub: i32 = 0; sub < 8; sub++, quants += 32, scales += 4) {
        v128.store(quants, block.quants(0, sub))
        v128.store(quants, block.quants(1, sub), 16)
        store<f32>(scales, d * <f32>block.factor(0, sub))
        if (block.step == 16) {
          scales += 4
          store<f32>(scales, d * <f32>block.factor(1, sub))
        }
      }
    }
  }

  /** One row with 16-bit activations. A lane sums 8 products of at most 62 × 32767: no overflow. */
  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    const bytes = <usize>changetype<T>(w).bytes
    let scales = x + ((<usize>n) << 1)
    let sum = f32x4.splat(0)
    for (const end = scales; x < end; w += bytes) {
      const block = changetype<T>(w)
      const d = block.d()
      for (let sub: i32 = 0; sub < 8; sub++, x += 64, scales += 4) {
        const scale = d * load<f32>(scales)
        const low = dot16(block.signed(0, sub), x)
        const high = dot16(block.signed(1, sub), x + 32)
        const factor = f32x4.splat(scale * <f32>block.factor(0, sub))
        if (block.step == 32) sum = f32x4.add(sum, scaled(i32x4.add(low, high), factor))
        else {
          sum = f32x4.add(sum, scaled(low, factor))
          sum = f32x4.add(sum, scaled(high, f32x4.splat(scale * <f32>block.factor(1, sub))))
        }
      }
    }
    return sumF32x4(sum)
  }
}

/** Quants are magnitudes, which are negated where the bytes of masks are -1. */
@unmanaged
export class SignedGrid<T> extends Grid<T> {
  @inline signed(k: i32, sub: i32): v128 {
    const block = changetype<T>(this)
    return negate(block.magnitudes(k, sub), block.masks(k, sub))
  }

  @inline quants(k: i32, sub: i32): v128 {
    return i8x16.add(this.signed(k, sub), i8x16.splat(<i8>changetype<T>(this).zero))
  }

  /** Activations take the signs, since the magnitudes must be unsigned. */
  @inline addProducts(k: i32, sub: i32, x: v128, sum: v128): v128 {
    const block = changetype<T>(this)
    return dotAdd(negate(x, block.masks(k, sub)), block.magnitudes(k, sub), sum)
  }

  @inline start(_x: v128): v128 {
    return i32x4.splat(0)
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<T>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}

/** The codebook's quants are unsigned already. */
@unmanaged
export class OffsetGrid<T> extends Grid<T> {
  @inline signed(k: i32, sub: i32): v128 {
    const block = changetype<T>(this)
    return i8x16.sub(block.quants(k, sub), i8x16.splat(<i8>block.zero))
  }

  @inline addProducts(k: i32, sub: i32, x: v128, sum: v128): v128 {
    return dotAdd(x, changetype<T>(this).quants(k, sub), sum)
  }

  /** What the zero subtracts. */
  @inline start(x: v128): v128 {
    return i32x4.neg(dotAdd(x, i8x16.splat(<i8>changetype<T>(this).zero), i32x4.splat(0)))
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, _total: usize, sum: v128): v128 {
    return addGridBlock<T>(changetype<usize>(this), w1, w2, w3, x, scale, sum)
  }
}

/** 16 quants times 16 activations of 16 bits, in i32 lanes. */
@inline
function dot16(q: v128, x: usize): v128 {
  return i32x4.add(
    i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(q), v128.load(x)),
    i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(q), v128.load(x, 16)),
  )
}

/** Half `k` of a sub-block of four rows times 16 activations of 8 bits, as lanes of i32, which `start` begins. */
@inline
function dots16<T>(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, sub: i32, x: v128): v128 {
  const start = changetype<T>(w0).start(x)
  return sumsI32x4(
    changetype<T>(w0).addProducts(k, sub, x, start),
    changetype<T>(w1).addProducts(k, sub, x, start),
    changetype<T>(w2).addProducts(k, sub, x, start),
    changetype<T>(w3).addProducts(k, sub, x, start),
  )
}

@inline
function dot32<T>(w: usize, sub: i32, x0: v128, x1: v128, start: v128): v128 {
  return changetype<T>(w).addProducts(1, sub, x1, changetype<T>(w).addProducts(0, sub, x0, start))
}

/** Both halves. */
@inline
function dots32<T>(w0: usize, w1: usize, w2: usize, w3: usize, sub: i32, x0: v128, x1: v128): v128 {
  const start = i32x4.add(changetype<T>(w0).start(x0), changetype<T>(w0).start(x1))
  return sumsI32x4(
    dot32<T>(w0, sub, x0, x1, start),
    dot32<T>(w1, sub, x0, x1, start),
    dot32<T>(w2, sub, x0, x1, start),
    dot32<T>(w3, sub, x0, x1, start),
  )
}

/**
 * Adds the products of four rows' blocks with activations of 8 bits, where `BYTE_DOTS` holds. Products of dots and factors stay below
 * 2^24, so that they are exact as f32, too. Not inlined: a call per block costs little, and a copy in each loop would be large.
 */
export function addGridBlock<T>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sum: v128): v128 {
  let products = f32x4.splat(0)
  for (let sub: i32 = 0; sub < 8; sub++, x += 32, scale += 4) {
    const x0 = v128.load(x)
    const x1 = v128.load(x, 16)
    const block = changetype<T>(w0)
    const words = block.words(w1, w2, w3, sub)
    const xScale = v128.load32_splat(scale)
    if (block.step == 32) {
      const dots = i32x4.mul(dots32<T>(w0, w1, w2, w3, sub, x0, x1), block.factors(words, 0, sub))
      products = madd(f32x4.convert_i32x4_s(dots), xScale, products)
    } else {
      const low = i32x4.mul(dots16<T>(w0, w1, w2, w3, 0, sub, x0), block.factors(words, 0, sub))
      products = madd(f32x4.convert_i32x4_s(low), xScale, products)
      const high = i32x4.mul(dots16<T>(w0, w1, w2, w3, 1, sub, x1), block.factors(words, 1, sub))
      products = madd(f32x4.convert_i32x4_s(high), xScale, products)
    }
  }
  return madd(changetype<T>(w0).ds(w1, w2, w3), products, sum)
}

/** Of each lane twice a field plus one: the field's lowest bit is bit `at`, and `mask` has as many bits. */
@inline
export function oddFactors(words: v128, at: i32, mask: i32): v128 {
  return v128.or(v128.and(i32x4.shr_u(words, at - 1), i32x4.splat(mask << 1)), i32x4.splat(1))
}

/** The same of the low nibble, or with `high` the high one, of the byte at `at`. */
@inline
export function oddNibble(at: usize, high: i32): i32 {
  return (((<i32>load<u8>(at) >> (high << 2)) & 15) << 1) | 1
}
