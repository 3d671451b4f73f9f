import { BYTES_0F, constant } from '../math/constants'
import { loadSmallF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { Grid } from './grid_blocks'
import { IQ3_S } from './iq3_s'
import { dots32, smallHalves4 } from './rows'

const BYTES: usize = 136
/** Offsets in a block. */
const SCALES: usize = 4
const QUANTS: usize = 8
/** The bytes of IQ3_S's block, and where its parts begin. */
const FILE_BYTES: usize = 110
const FILE_SCALES: usize = 106

/**
 * IQ3_S as the engine keeps it in memory: reading its codebook takes four times as long as a product of 4-bit quants. Signed
 * magnitudes, odd from -15 to 15, are 2 q - 15 with a nibble q: w = d (2 s + 1) (2 q - 15).
 * Layout: d (f16), two unused bytes, scales s in nibbles (4 bytes), then 16 bytes for each sub-block of 32, whose low nibbles are
 * the first 16 quants.
 */
@unmanaged
export class IQ3_SNibbles extends Grid<IQ3_SNibbles> {
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  /** Of doubled quants. */
  @inline get zero(): i32 {
    return 15
  }
  @inline get bits(): i32 {
    return 4
  }

  @inline d(): f32 {
    return loadSmallF16(changetype<usize>(this))
  }

  @inline ds(w1: usize, w2: usize, w3: usize): v128 {
    return smallHalves4(changetype<usize>(this), w1, w2, w3)
  }

  @inline factor(_k: i32, sub: i32): i32 {
    return <i32>(((load<u32>(changetype<usize>(this), SCALES) >> (sub << 2)) & 15) << 1) | 1
  }

  @inline wordsAt(_sub: i32): usize {
    return SCALES
  }

  @inline factors(words: v128, _k: i32, sub: i32): v128 {
    const s = v128.and(i32x4.shr_u(words, sub << 2), i32x4.splat(15))
    return v128.or(i32x4.add(s, s), i32x4.splat(1))
  }

  /** Half `k` of sub-block `sub`. */
  @inline quants(k: i32, sub: i32): v128 {
    const q = v128.load(changetype<usize>(this) + QUANTS + ((<usize>sub) << 4))
    return v128.and(k ? i16x8.shr_u(q, 4) : q, constant(BYTES_0F))
  }

  @inline signed(k: i32, sub: i32): v128 {
    const q = this.quants(k, sub)
    return i8x16.sub(i8x16.add(q, q), i8x16.splat(15))
  }

  /** Used by the relaxed build. Products of dots and factors stay below 2^21. */
  @inline addBlock(w1: usize, w2: usize, w3: usize, x: usize, scale: usize, _sums: usize, total: usize, sum: v128): v128 {
    const w0 = changetype<usize>(this)
    const words = this.words(w1, w2, w3, 0)
    let products = f32x4.splat(0)
    for (let sub: i32 = 0; sub < 8; sub++, x += 32, scale += 4, total += 4) {
      const dots = dots32<IQ3_SNibbles>(w0, w1, w2, w3, 0, sub, x)
      const signed = i32x4.sub(i32x4.shl(dots, 1), i32x4.splat(15 * load<i32>(total)))
      const product = f32x4.convert_i32x4_s(i32x4.mul(signed, this.factors(words, 0, sub)))
      products = madd(product, v128.load32_splat(scale), products)
    }
    return madd(this.ds(w1, w2, w3), products, sum)
  }
}

/** The same with doubled quants, from 0 to 30, for matrix products. */
@unmanaged
export class DoubledIQ3_SNibbles extends Grid<DoubledIQ3_SNibbles> {
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 32
  }
  @inline get zero(): i32 {
    return 15
  }
  @inline get bits(): i32 {
    return 5
  }

  @inline d(): f32 {
    return changetype<IQ3_SNibbles>(changetype<usize>(this)).d()
  }

  @inline factor(k: i32, sub: i32): i32 {
    return changetype<IQ3_SNibbles>(changetype<usize>(this)).factor(k, sub)
  }

  @inline quants(k: i32, sub: i32): v128 {
    const q = changetype<IQ3_SNibbles>(changetype<usize>(this)).quants(k, sub)
    return i8x16.add(q, q)
  }
}

/** Sub-block `sub` of a block of the file as nibbles. */
function nibbles(block: usize, sub: i32): v128 {
  const zero = i8x16.splat(15)
  const low = i8x16.add(changetype<IQ3_S>(block).signed(0, sub), zero)
  const high = i8x16.add(changetype<IQ3_S>(block).signed(1, sub), zero)
  // Even bytes below 32: no bit crosses into another byte.
  return v128.or(i16x8.shr_u(low, 1), i16x8.shl(high, 3))
}

/** Quants of one block. */
const QUANT_BYTES: usize = 128
const expanded: usize = memory.data(128, 16)

/**
 * Writes `blocks` blocks of IQ3_S at `from` to `to` in this layout. The two may end at the same byte, as a block is read
 * before it is written. One vector at a time: V8's pass that joins vectors (Node 26) fails on neighbouring stores of these.
 */
export function expand_iq3_s(from: usize, to: usize, blocks: i32): void {
  for (; blocks > 0; blocks--, from += FILE_BYTES, to += BYTES) {
    const d = load<u16>(from)
    const scales = load<u32>(from, FILE_SCALES)
    for (let sub: i32 = 0; sub < 8; sub++) v128.store(expanded + ((<usize>sub) << 4), nibbles(from, sub))
    store<u32>(to, d)
    store<u32>(to, scales, SCALES)
    memory.copy(to + QUANTS, expanded, QUANT_BYTES)
  }
}
