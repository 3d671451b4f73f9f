/** Super-blocks of Q4_K and Q5_K with activations of 8 bits, in the order of `addSuperBlocks` in formats/super_blocks.ts. */
import { minimums0, minimums4, scales0, scales4 } from '../formats/k_scales'
import { byte0, byte1, byte2, byte3, upperSmallHalves, words4 } from '../formats/rows'
import { BYTE_DOTS } from '../math/byte_dots'
import { madd } from '../math/lanes'
import { Head, packBytes, packSum } from './panel'
import { Bytes, Pairs } from './products'
import { clear, HEAD, TERMS, tile, tile6, word0, word1, word2, word3 } from './tile'

/** In a sub-block's head its rows' scales, less d, behind their minimums, less dmin. */
export const SCALES: usize = 32
/** dmin of the rows behind their d, which follow the eight sub-blocks. */
export const DMIN: usize = 32
/** Bytes of a sub-block in the panel. */
const SUB_BLOCK: usize = HEAD + 256

@unmanaged
export class SuperBlocks<T> {
  @inline get panelBytes(): usize {
    return 8 * SUB_BLOCK + 64
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
    v128.store(to + 8 * SUB_BLOCK, upperSmallHalves(i32x4.shl(ds, 16)))
    v128.store(to + 8 * SUB_BLOCK, upperSmallHalves(ds), DMIN)
    let s = scales0(packed0)
    let m = minimums0(packed1)
    packPair<T>(w0, w1, w2, w3, 0, byte0(s), byte1(s), byte0(m), byte1(m), to)
    packPair<T>(w0, w1, w2, w3, 1, byte2(s), byte3(s), byte2(m), byte3(m), to + 2 * SUB_BLOCK)
    s = scales4(packed0, packed2)
    m = minimums4(packed1, packed2)
    packPair<T>(w0, w1, w2, w3, 2, byte0(s), byte1(s), byte0(m), byte1(m), to + 4 * SUB_BLOCK)
    packPair<T>(w0, w1, w2, w3, 3, byte2(s), byte3(s), byte2(m), byte3(m), to + 6 * SUB_BLOCK)
  }

  @inline packTerms(sums: usize, _total: usize, to: usize): void {
    packSum(sums, to)
  }

  @inline multiply<N>(end: usize, _quants: usize, x: usize, terms: usize, to: usize, work: usize): void {
    multiplySuperBlocks<N>(changetype<usize>(this), end, x, terms, to, work, changetype<T>(0).bits)
  }
}

/** Not inlined, so that formats share it. */
function multiplySuperBlocks<N>(panel: usize, end: usize, x: usize, terms: usize, to: usize, work: usize, bits: i32): void {
  for (; panel < end; panel += 8 * SUB_BLOCK + 64, terms += 8 * TERMS, x += 1024) {
    const last = panel + 8 * SUB_BLOCK
    clear<N>(work)
    if (BYTE_DOTS) tile<Bytes, SuperPanel<Bytes>, N>(panel, last, panel, x, terms, work)
    else if (bits > 4) tile6<SuperPanel<Bytes>, N>(panel, last, x, terms, work)
    else tile<Pairs, SuperPanel<Pairs>, N>(panel, last, panel, x, terms, work)
    finish<N>(panel, SUB_BLOCK, last, terms, to, work)
  }
}

/** The head of a sub-block. Products with its scales stay below 2^24, so they are exact as f32. */
@unmanaged
export class SuperPanel<D> extends Head {
  @inline start(_term: v128): v128 {
    return i32x4.splat(0)
  }

  @inline rows(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four, SCALES)
  }

  /** Adds to a token's products within the super-block. */
  @inline accumulate(low: v128, high: v128, rows0: v128, rows4: v128, scale: v128, _term: v128, to: usize): void {
    const lower = f32x4.mul(f32x4.convert_i32x4_s(changetype<D>(0).total(low)), rows0)
    const upper = f32x4.mul(f32x4.convert_i32x4_s(changetype<D>(0).total(high)), rows4)
    v128.store(to, madd(lower, scale, v128.load(to)))
    v128.store(to, madd(upper, scale, v128.load(to, 16)), 16)
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
  packHead(s0, m0, to)
  packBytes<T>(w0, w1, w2, w3, 0, pair, to + HEAD)
  packBytes<T>(w0, w1, w2, w3, 1, pair, to + HEAD + 128)
  to += SUB_BLOCK
  packHead(s1, m1, to)
  packBytes<T>(w0, w1, w2, w3, 2, pair, to + HEAD)
  packBytes<T>(w0, w1, w2, w3, 3, pair, to + HEAD + 128)
}

/** The scales and minimums of four rows, integers. */
@inline
function packHead(scales: v128, minimums: v128, to: usize): void {
  v128.store(to, f32x4.convert_i32x4_s(minimums))
  v128.store(to, f32x4.convert_i32x4_s(scales), SCALES)
}

/**
 * Adds a super-block to each token's sums: its products, at `products`, minus its minimums. Its heads begin at `heads`, `far` bytes from
 * one to the next, and its d at `d`.
 */
@inline
export function finish<N>(heads: usize, far: usize, d: usize, terms: usize, to: usize, products: usize): void {
  for (let four: usize = 0; four < 32; four += 16, heads += 16, d += 16, to += 16, products += 16) {
    const upper = heads + 4 * far
    let m = v128.load(heads)
    let n = v128.load(upper)
    let sums = v128.load(terms, 16)
    let more = v128.load(terms, 4 * TERMS + 16)
    let a0 = f32x4.mul(m, word0(sums))
    let b0 = f32x4.mul(n, word0(more))
    let a1 = f32x4.mul(m, word1(sums))
    let b1 = f32x4.mul(n, word1(more))
    let a2 = f32x4.mul(m, word2(sums))
    let b2 = f32x4.mul(n, word2(more))
    let a3 = f32x4.mul(m, word3(sums))
    let b3 = f32x4.mul(n, word3(more))
    let term = terms + TERMS
    for (let head = far; head < 4 * far; head += far, term += TERMS) {
      m = v128.load(heads + head)
      n = v128.load(upper + head)
      sums = v128.load(term, 16)
      more = v128.load(term, 4 * TERMS + 16)
      a0 = madd(m, word0(sums), a0)
      b0 = madd(n, word0(more), b0)
      a1 = madd(m, word1(sums), a1)
      b1 = madd(n, word1(more), b1)
      if (changetype<N>(0).tokens == 4) {
        a2 = madd(m, word2(sums), a2)
        b2 = madd(n, word2(more), b2)
        a3 = madd(m, word3(sums), a3)
        b3 = madd(n, word3(more), b3)
      }
    }
    add(d, f32x4.add(a0, b0), products, to)
    add(d, f32x4.add(a1, b1), products + 32, to + 32)
    if (changetype<N>(0).tokens == 4) {
      add(d, f32x4.add(a2, b2), products + 64, to + 64)
      add(d, f32x4.add(a3, b3), products + 96, to + 96)
    }
  }
}

/** d times four rows' products, minus dmin times their minimums. */
@inline
function add(d: usize, minimums: v128, products: usize, to: usize): void {
  const sum = f32x4.sub(v128.load(to), f32x4.mul(v128.load(d, DMIN), minimums))
  v128.store(to, madd(v128.load(d), v128.load(products), sum))
}
