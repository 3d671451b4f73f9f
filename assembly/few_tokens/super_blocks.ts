/** Super-blocks of Q4_K and Q5_K with activations of 8 bits, in the order of `addSuperBlocks` in formats/super_blocks.ts. */
import { minimums0, minimums4, scales0, scales4 } from '../formats/k_scales'
import { byte0, byte1, byte2, byte3, upperSmallHalves, words4 } from '../formats/rows'
import { madd } from '../math/lanes'
import { packBytes, twice } from './panel'
import { HEAD, Pairs, TERMS, tile, tile6 } from './tile'

/** A sub-block in the panel, with its minimums in the head, and its integer scales behind those. */
export const SUB_BLOCK: usize = HEAD + 256
export const FACTORS: usize = 32
/** Behind eight of them d and dmin. */
export const D: usize = 8 * SUB_BLOCK
export const DMIN: usize = 32

@unmanaged
export class SuperBlocks<T> {
  @inline get panelBytes(): usize {
    return D + 64
  }

  @inline get width(): usize {
    return 1
  }

  @inline pack(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    const ds = words4(w0, w1, w2, w3)
    const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
    const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
    const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
    v128.store(to + D, upperSmallHalves(i32x4.shl(ds, 16)))
    v128.store(to + D, upperSmallHalves(ds), DMIN)
    let s = scales0(packed0)
    let m = minimums0(packed1)
    packPair<T>(w0, w1, w2, w3, 0, byte0(s), byte1(s), byte0(m), byte1(m), to)
    packPair<T>(w0, w1, w2, w3, 1, byte2(s), byte3(s), byte2(m), byte3(m), to + 2 * SUB_BLOCK)
    s = scales4(packed0, packed2)
    m = minimums4(packed1, packed2)
    packPair<T>(w0, w1, w2, w3, 2, byte0(s), byte1(s), byte0(m), byte1(m), to + 4 * SUB_BLOCK)
    packPair<T>(w0, w1, w2, w3, 3, byte2(s), byte3(s), byte2(m), byte3(m), to + 6 * SUB_BLOCK)
  }

  /** The sum of a sub-block's activations. */
  @inline packTerms(sums: usize, _total: usize, to: usize): void {
    store<f32>(to, load<f32>(sums) + load<f32>(sums, 4))
  }

  @inline multiply<N>(
    end: usize,
    x0: usize,
    x1: usize,
    x2: usize,
    x3: usize,
    terms: usize,
    to: usize,
    work: usize,
  ): void {
    for (let panel = changetype<usize>(this); panel < end; panel += this.panelBytes, terms += 8 * TERMS) {
      memory.fill(work, 0, 32 * changetype<N>(0).tokens)
      if (changetype<T>(0).bits > 4) tile6<SuperBlocks<T>, N>(panel, panel + D, x0, x1, x2, x3, terms, work)
      else tile<Pairs, SuperBlocks<T>, N>(panel, panel + D, x0, x1, x2, x3, terms, work)
      finish(panel, terms, to, work)
      finish(panel, terms + 4, to + 32, work + 32)
      if (changetype<N>(0).tokens == 4) {
        finish(panel, terms + 8, to + 64, work + 64)
        finish(panel, terms + 12, to + 96, work + 96)
        x2 += 256
        x3 += 256
      }
      x0 += 256
      x1 += 256
    }
  }

  @inline factors(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four, FACTORS)
  }

  @inline factorsAt(_at: usize, four: usize): v128 {
    return this.factors(four)
  }

  /** Adds to a token's products within the super-block. */
  @inline accumulate(low: v128, high: v128, terms: usize, to: usize): void {
    const factor = v128.load32_splat(terms)
    v128.store(to, madd(f32x4.convert_i32x4_s(low), factor, v128.load(to)))
    v128.store(to, madd(f32x4.convert_i32x4_s(high), factor, v128.load(to, 16)), 16)
  }
}

@inline
function packPair<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  pair: i32,
  s0: v128,
  s1: v128,
  m0: v128,
  m1: v128,
  to: usize,
): void {
  v128.store(to, f32x4.convert_i32x4_s(m0))
  v128.store(to, twice(s0), FACTORS)
  packBytes<T>(w0, w1, w2, w3, 0, pair, to + HEAD)
  packBytes<T>(w0, w1, w2, w3, 1, pair, to + HEAD + 128)
  to += SUB_BLOCK
  v128.store(to, f32x4.convert_i32x4_s(m1))
  v128.store(to, twice(s1), FACTORS)
  packBytes<T>(w0, w1, w2, w3, 2, pair, to + HEAD)
  packBytes<T>(w0, w1, w2, w3, 3, pair, to + HEAD + 128)
}

/** Adds the super-block at `block` to a token's sums: its products, at `products`, minus its minimums. */
function finish(block: usize, terms: usize, to: usize, products: usize): void {
  for (let four: usize = 0; four < 32; four += 16) {
    const d = block + four + D
    const sum = f32x4.sub(v128.load(to + four), f32x4.mul(v128.load(d, DMIN), minimums(block + four, terms)))
    v128.store(to + four, madd(v128.load(d), v128.load(products + four), sum))
  }
}

/** Eight minimums at `m` times the sums of their sub-blocks' activations. */
@inline
function minimums(m: usize, terms: usize): v128 {
  let a = f32x4.mul(v128.load(m), v128.load32_splat(terms, 16))
  a = madd(v128.load(m, SUB_BLOCK), v128.load32_splat(terms, TERMS + 16), a)
  a = madd(v128.load(m, 2 * SUB_BLOCK), v128.load32_splat(terms, 2 * TERMS + 16), a)
  a = madd(v128.load(m, 3 * SUB_BLOCK), v128.load32_splat(terms, 3 * TERMS + 16), a)
  let b = f32x4.mul(v128.load(m, 4 * SUB_BLOCK), v128.load32_splat(terms, 4 * TERMS + 16))
  b = madd(v128.load(m, 5 * SUB_BLOCK), v128.load32_splat(terms, 5 * TERMS + 16), b)
  b = madd(v128.load(m, 6 * SUB_BLOCK), v128.load32_splat(terms, 6 * TERMS + 16), b)
  b = madd(v128.load(m, 7 * SUB_BLOCK), v128.load32_splat(terms, 7 * TERMS + 16), b)
  return f32x4.add(a, b)
}
