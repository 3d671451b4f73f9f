/** Q6_K with activations of 8 bits, in the order of its `addBlock` in formats/q6_k.ts. */
import { Q6_K } from '../formats/q6_k'
import { byte0, byte1, byte2, byte3, smallHalves4, words4 } from '../formats/rows'
import { BYTE_DOTS } from '../math/byte_dots'
import { madd } from '../math/lanes'
import { packBytes, twice } from './panel'
import { clear, HEAD, halves, TERMS, tile6, word0, word1, word2, word3 } from './tile'

/** Where the scales and d begin in a block of the file. */
const SCALES: usize = 192
const SCALE: usize = 208

/** Two sub-blocks of 16 in the panel, with their integer scales in the head, one behind the other. */
const PAIR: usize = HEAD + 256
/** Behind eight of them the sixteen scales as f32, then d. */
const F32_SCALES: usize = 8 * PAIR
const D: usize = F32_SCALES + 16 * 32

@unmanaged
export class Q6_KBlocks {
  @inline get panelBytes(): usize {
    return D + 32
  }

  @inline get width(): usize {
    return 1
  }

  @inline pack(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    v128.store(to + D, smallHalves4(w0 + SCALE, w1 + SCALE, w2 + SCALE, w3 + SCALE))
    let scales = to + F32_SCALES
    for (let half: i32 = 0; half < 2; half++, to += 4 * PAIR, scales += 256) {
      const at = SCALES + ((<usize>half) << 3)
      const a = words4(w0 + at, w1 + at, w2 + at, w3 + at)
      const b = words4(w0 + at + 4, w1 + at + 4, w2 + at + 4, w3 + at + 4)
      packPair(w0, w1, w2, w3, 0, half, byte0(a), byte1(a), to, scales)
      packPair(w0, w1, w2, w3, 2, half, byte2(a), byte3(a), to + PAIR, scales + 64)
      packPair(w0, w1, w2, w3, 4, half, byte0(b), byte1(b), to + 2 * PAIR, scales + 128)
      packPair(w0, w1, w2, w3, 6, half, byte2(b), byte3(b), to + 3 * PAIR, scales + 192)
    }
  }

  /** The sums of two sub-blocks' activations. */
  @inline packTerms(sums: usize, _total: usize, to: usize): void {
    store<f32>(to, load<f32>(sums))
    store<f32>(to, load<f32>(sums, 4), 16)
  }

  @inline multiply<N>(end: usize, _quants: usize, x: usize, terms: usize, to: usize, work: usize): void {
    for (let panel = changetype<usize>(this); panel < end; panel += this.panelBytes, terms += 8 * TERMS, x += 1024) {
      clear<N>(work)
      if (BYTE_DOTS) halves<Q6_KPanel, N>(panel, panel + F32_SCALES, x, terms, work)
      else tile6<Q6_KPanel, N>(panel, panel + F32_SCALES, x, terms, work)
      finish<N>(panel, terms, to, work)
    }
  }
}

/** The head of two sub-blocks of 16. */
@unmanaged
class Q6_KPanel {
  @inline start(_term: v128): v128 {
    return i32x4.splat(0)
  }

  @inline rows(four: usize): v128 {
    return v128.load(changetype<usize>(this) + four)
  }

  @inline factorsAt(at: usize, four: usize): v128 {
    // Of the second sub-block from the middle of the quants on.
    return this.rows((((at - changetype<usize>(this)) & 128) >> 2) + four)
  }

  /** Adds to a token's products within the block. */
  @inline accumulate(low: v128, high: v128, _rows0: v128, _rows4: v128, scale: v128, _term: v128, to: usize): void {
    v128.store(to, madd(f32x4.convert_i32x4_s(low), scale, v128.load(to)))
    v128.store(to, madd(f32x4.convert_i32x4_s(high), scale, v128.load(to, 16)), 16)
  }
}

/** Sub-blocks k and k + 1 of a half, under the scales `s` and `t`, which go to `scales` as f32. */
@inline
function packPair(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  k: i32,
  half: i32,
  s: v128,
  t: v128,
  to: usize,
  scales: usize,
): void {
  // `tile6` multiplies pairs.
  v128.store(to, BYTE_DOTS ? s : twice(s))
  v128.store(to, BYTE_DOTS ? t : twice(t), 32)
  packBytes<Q6_K>(w0, w1, w2, w3, k, half, to + HEAD)
  packBytes<Q6_K>(w0, w1, w2, w3, k + 1, half, to + HEAD + 128)
  v128.store(scales, f32x4.convert_i32x4_s(s))
  v128.store(scales, f32x4.convert_i32x4_s(t), 32)
}

/** Adds a block to each token's sums: its products, at `products`, minus the share of the quants' zero. */
@inline
function finish<N>(block: usize, terms: usize, to: usize, products: usize): void {
  const none = f32x4.splat(0)
  for (let four: usize = 0; four < 32; four += 16, block += 16, to += 16, products += 16) {
    let a0 = none
    let a1 = none
    let a2 = none
    let a3 = none
    let term = terms
    for (let at = block + F32_SCALES, end = block + D; at < end; at += 64, term += TERMS) {
      const scales = v128.load(at)
      const sums = v128.load(term, 16)
      const others = v128.load(at, 32)
      const more = v128.load(term, 32)
      a0 = madd(others, word0(more), madd(scales, word0(sums), a0))
      a1 = madd(others, word1(more), madd(scales, word1(sums), a1))
      if (changetype<N>(0).tokens == 4) {
        a2 = madd(others, word2(more), madd(scales, word2(sums), a2))
        a3 = madd(others, word3(more), madd(scales, word3(sums), a3))
      }
    }
    add(block + D, a0, products, to)
    add(block + D, a1, products + 32, to + 32)
    if (changetype<N>(0).tokens == 4) {
      add(block + D, a2, products + 64, to + 64)
      add(block + D, a3, products + 96, to + 96)
    }
  }
}

/** d times four rows' products, less those of 32 with their scales and the sums of activations. */
@inline
function add(d: usize, sums: v128, products: usize, to: usize): void {
  const sum = f32x4.sub(v128.load(products), f32x4.mul(sums, f32x4.splat(32)))
  v128.store(to, madd(v128.load(d), sum, v128.load(to)))
}
