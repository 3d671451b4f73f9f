/**
 * Three products of Q4_K, four rows in lanes, whose sums are in a tile's order, with the scale d × s (exact) times the
 * activations' scale as one factor:
 *
 * - `Q4_KRows`: by 32 columns, the shipped tile of the relaxed build.
 * - `Q4_KSixteens`: by 16 columns, the baseline's shipped tile.
 * - `Q4_KBlocks`: by 32 columns in the baseline build: `Int16Tile32WithMinimums`.
 */
import { DOT_BYTES } from '../../../../assembly/activations'
import { minimums0, minimums4, scales0, scales4 } from '../../../../assembly/formats/k_scales'
import {
  byte0,
  byte1,
  dots16,
  dots32,
  upperSmallHalves,
  words4,
} from '../../../../assembly/formats/rows'
import { Q4_K } from '../../../../assembly/formats/q4_k'
import { constant } from '../../../../assembly/math/constants'
import { madd } from '../../../../assembly/math/lanes'
import { PAIR_SUMS } from './half-totals'

const BYTES: usize = 144

@inline
function cvt(v: v128): v128 {
  return f32x4.convert_i32x4_s(v)
}

/** Masks of the four bytes of a lane. */
const BYTE_MASKS = memory.data<u32>([0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000])
/** What a byte counts too much in its place: powers of two, so that products with them are exact. */
const WORTH = memory.data<f32>([1, 1.0 / 256, 1.0 / 65536, 1.0 / 16777216])

/** How far the sums of 32 activations lie from their totals, of which there are as many. */
let pairSumsFar: usize = 0

/** `totals` belong to the activations at hand, whose sums of 32 have been made. */
export function beginPairs(totals: usize): void {
  pairSumsFar = PAIR_SUMS - totals
}

/**
 * Sub-block `k` of four rows, whose scale and minimum are byte k modulo 4 of `s` and `m`, at their place, which `d` and
 * `dmin` make up for; `x`, `scale` and `pairs` belong to the super-block.
 */
@inline
function addSubBlock(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  s: v128,
  m: v128,
  d: v128,
  dmin: v128,
  x: usize,
  scale: usize,
  pairs: usize,
  sum: v128,
): v128 {
  const at = (<usize>(k & 3)) << 2
  const mask = constant(BYTE_MASKS + at)
  const worth = constant(WORTH + at)
  const minimum = f32x4.mul(k & 3 ? f32x4.mul(dmin, worth) : dmin, cvt(v128.and(m, mask)))
  sum = madd(minimum, v128.load32_splat(pairs + ((<usize>k) << 2)), sum)
  const dots = dots32<Q4_K>(w0, w1, w2, w3, (k & 1) << 1, k >> 1, x + <usize>(32 * k) * DOT_BYTES)
  const own = f32x4.mul(k & 3 ? f32x4.mul(d, worth) : d, cvt(v128.and(s, mask)))
  return madd(cvt(dots), f32x4.mul(own, v128.load32_splat(scale + ((<usize>k) << 2))), sum)
}

@unmanaged
export class Q4_KRows {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get width(): usize {
    return DOT_BYTES
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const pairs = total + pairSumsFar
    const ds = words4(w0, w1, w2, w3)
    const d = upperSmallHalves(i32x4.shl(ds, 16))
    const dmin = f32x4.neg(upperSmallHalves(ds))
    const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
    const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
    const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
    const s = scales0(packed0)
    const m = minimums0(packed1)
    sum = addSubBlock(w0, w1, w2, w3, 0, s, m, d, dmin, x, scale, pairs, sum)
    sum = addSubBlock(w0, w1, w2, w3, 1, s, m, d, dmin, x, scale, pairs, sum)
    sum = addSubBlock(w0, w1, w2, w3, 2, s, m, d, dmin, x, scale, pairs, sum)
    sum = addSubBlock(w0, w1, w2, w3, 3, s, m, d, dmin, x, scale, pairs, sum)
    const t = scales4(packed0, packed2)
    const u = minimums4(packed1, packed2)
    sum = addSubBlock(w0, w1, w2, w3, 4, t, u, d, dmin, x, scale, pairs, sum)
    sum = addSubBlock(w0, w1, w2, w3, 5, t, u, d, dmin, x, scale, pairs, sum)
    sum = addSubBlock(w0, w1, w2, w3, 6, t, u, d, dmin, x, scale, pairs, sum)
    return addSubBlock(w0, w1, w2, w3, 7, t, u, d, dmin, x, scale, pairs, sum)
  }
}

/** Four rows by 32 columns with 16-bit activations, a pair of sub-blocks a step, so that few registers are wanted at once. */
@unmanaged
export class Q4_KBlocks {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get width(): usize {
    return 2
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    let pairs = total + pairSumsFar
    const ds = words4(w0, w1, w2, w3)
    const d = upperSmallHalves(i32x4.shl(ds, 16))
    const dmin = f32x4.neg(upperSmallHalves(ds))
    const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
    const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
    const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
    let s = scales0(packed0)
    let m = minimums0(packed1)
    const t = scales4(packed0, packed2)
    const u = minimums4(packed1, packed2)
    for (let pair = 0; pair < 4; pair++, x += 128, scale += 8, pairs += 8) {
      sum = madd(f32x4.mul(dmin, cvt(byte0(m))), v128.load32_splat(pairs), sum)
      let factor = f32x4.mul(f32x4.mul(d, cvt(byte0(s))), v128.load32_splat(scale))
      sum = madd(cvt(dots32<Q4_K>(w0, w1, w2, w3, 0, pair, x)), factor, sum)
      sum = madd(f32x4.mul(dmin, cvt(byte1(m))), v128.load32_splat(pairs, 4), sum)
      factor = f32x4.mul(f32x4.mul(d, cvt(byte1(s))), v128.load32_splat(scale, 4))
      sum = madd(cvt(dots32<Q4_K>(w0, w1, w2, w3, 2, pair, x + 64)), factor, sum)
      s = pair == 1 ? t : i32x4.shr_u(s, 16)
      m = pair == 1 ? u : i32x4.shr_u(m, 16)
    }
    return sum
  }
}

/** Four rows by 16 columns: a call for each sub-block, so that fewer registers are wanted at once. */
@unmanaged
export class Q4_KSixteens {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get width(): usize {
    return 2
  }

  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, sums: usize, _total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const ds = words4(w0, w1, w2, w3)
    const d = upperSmallHalves(i32x4.shl(ds, 16))
    const dmin = f32x4.neg(upperSmallHalves(ds))
    const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
    const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
    const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
    let s = scales0(packed0)
    let m = minimums0(packed1)
    const t = scales4(packed0, packed2)
    const u = minimums4(packed1, packed2)
    for (let pair = 0; pair < 4; pair++, x += 128, scale += 8, sums += 16) {
      sum = addHalves(w0, w1, w2, w3, 0, pair, byte0(s), byte0(m), d, dmin, x, scale, sums, sum)
      sum = addHalves(w0, w1, w2, w3, 2, pair, byte1(s), byte1(m), d, dmin, x + 64, scale + 4, sums + 8, sum)
      s = pair == 1 ? t : i32x4.shr_u(s, 16)
      m = pair == 1 ? u : i32x4.shr_u(m, 16)
    }
    return sum
  }
}

@inline
function addHalves(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  pair: i32,
  s: v128,
  m: v128,
  d: v128,
  dmin: v128,
  x: usize,
  scale: usize,
  sums: usize,
  sum: v128,
): v128 {
  const minimum = f32x4.mul(dmin, cvt(m))
  const factor = f32x4.mul(f32x4.mul(d, cvt(s)), v128.load32_splat(scale))
  sum = madd(minimum, v128.load32_splat(sums), sum)
  sum = madd(cvt(dots16<Q4_K>(w0, w1, w2, w3, k, pair, x)), factor, sum)
  sum = madd(minimum, v128.load32_splat(sums, 4), sum)
  return madd(cvt(dots16<Q4_K>(w0, w1, w2, w3, k + 1, pair, x + 32)), factor, sum)
}
