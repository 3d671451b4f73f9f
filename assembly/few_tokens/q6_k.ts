/** Q6_K with activations of 8 bits, in the order of its `addBlock` in formats/q6_k.ts. */
import { Q6_K } from '../formats/q6_k'
import { byte0, byte1, byte2, byte3, smallHalves4, words4 } from '../formats/rows'
import { madd } from '../math/lanes'
import { packBytes, twice } from './panel'
import { HEAD, TERMS, tile6 } from './tile'

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
      tile6<Q6_KBlocks, N>(panel, panel + F32_SCALES, x0, x1, x2, x3, terms, work)
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

  @inline factorsAt(at: usize, four: usize): v128 {
    const block = changetype<usize>(this)
    // Of the second sub-block from the middle of the quants on.
    return v128.load(block + (((at - block) & 128) >> 2) + four)
  }

  /** Adds to a token's products within the block. */
  @inline accumulate(low: v128, high: v128, terms: usize, to: usize): void {
    const factor = v128.load32_splat(terms)
    v128.store(to, madd(f32x4.convert_i32x4_s(low), factor, v128.load(to)))
    v128.store(to, madd(f32x4.convert_i32x4_s(high), factor, v128.load(to, 16)), 16)
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
  v128.store(to, twice(s))
  v128.store(to, twice(t), 32)
  packBytes<Q6_K>(w0, w1, w2, w3, k, half, to + HEAD)
  packBytes<Q6_K>(w0, w1, w2, w3, k + 1, half, to + HEAD + 128)
  v128.store(scales, f32x4.convert_i32x4_s(s))
  v128.store(scales, f32x4.convert_i32x4_s(t), 32)
}

/** Adds a block to a token's sums: its products, at `products`, minus the share of the quants' zero. */
function finish(block: usize, terms: usize, to: usize, products: usize): void {
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  for (let at = block + F32_SCALES, end = block + D; at < end; at += 64, terms += TERMS) {
    let sum = v128.load32_splat(terms, 16)
    low = madd(v128.load(at), sum, low)
    high = madd(v128.load(at, 16), sum, high)
    sum = v128.load32_splat(terms, 32)
    low = madd(v128.load(at, 32), sum, low)
    high = madd(v128.load(at, 48), sum, high)
  }
  const zero = f32x4.splat(32)
  const d = block + D
  const lower = f32x4.sub(v128.load(products), f32x4.mul(low, zero))
  const upper = f32x4.sub(v128.load(products, 16), f32x4.mul(high, zero))
  v128.store(to, madd(v128.load(d), lower, v128.load(to)))
  v128.store(to, madd(v128.load(d, 16), upper, v128.load(to, 16)), 16)
}
