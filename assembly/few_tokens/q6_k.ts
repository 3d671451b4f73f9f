/** Q6_K with activations of 8 bits, in the order of its `addBlock` in formats/q6_k.ts. */
import { Q6_K } from '../formats/q6_k'
import { byte0, byte1, byte2, byte3, smallHalves4, words4 } from '../formats/rows'
import { madd } from '../math/lanes'
import { layQuants, Pairs, twice } from './int8'

/** Where the scales and d begin in a block. */
const SCALES: usize = 192
const SCALE: usize = 208

/** Of two sub-blocks in the panel: eight vectors of four columns, then the rows' integer scales of both. */
const PAIR: usize = 160
const FACTORS: usize = 128
/** Behind eight of them: the sixteen scales as f32, d. */
const F32_SCALES: usize = 8 * PAIR
const D: usize = F32_SCALES + 256
const BYTES: usize = D + 16

@unmanaged
export class Q6_KBlocks {
  @inline get panelBytes(): usize {
    return BYTES
  }

  @inline get width(): usize {
    return 1
  }

  @inline lay(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    v128.store(to, smallHalves4(w0 + SCALE, w1 + SCALE, w2 + SCALE, w3 + SCALE), D)
    for (let half: i32 = 0; half < 2; half++, to += 4 * PAIR) {
      const at = SCALES + ((<usize>half) << 3)
      const a = words4(w0 + at, w1 + at, w2 + at, w3 + at)
      const b = words4(w0 + at + 4, w1 + at + 4, w2 + at + 4, w3 + at + 4)
      const scales = to + F32_SCALES - <usize>half * (4 * PAIR - 128)
      layPair(w0, w1, w2, w3, 0, half, byte0(a), byte1(a), to, scales)
      layPair(w0, w1, w2, w3, 2, half, byte2(a), byte3(a), to + PAIR, scales + 32)
      layPair(w0, w1, w2, w3, 4, half, byte0(b), byte1(b), to + 2 * PAIR, scales + 64)
      layPair(w0, w1, w2, w3, 6, half, byte2(b), byte3(b), to + 3 * PAIR, scales + 96)
    }
  }

  multiply(end: usize, x: usize, far: usize, scale: usize, sums: usize, _total: usize, to: usize): void {
    let sum = v128.load(to)
    let other = v128.load(to, 16)
    for (let panel = changetype<usize>(this); panel < end; ) {
      let products = f32x4.splat(0)
      let others = f32x4.splat(0)
      for (const last = panel + F32_SCALES; panel < last; panel += PAIR, x += 32, scale += 4) {
        const w0 = v128.load(panel)
        const w1 = v128.load(panel, 16)
        const w2 = v128.load(panel, 32)
        const w3 = v128.load(panel, 48)
        const w4 = v128.load(panel, 64)
        const w5 = v128.load(panel, 80)
        const w6 = v128.load(panel, 96)
        const w7 = v128.load(panel, 112)
        const s = v128.load(panel, FACTORS)
        const t = v128.load(panel, FACTORS + 16)
        const dots = dotsOf(x, w0, w1, w2, w3, w4, w5, w6, w7, s, t)
        products = madd(f32x4.convert_i32x4_s(dots), v128.load32_splat(scale), products)
        const otherDots = dotsOf(x + far, w0, w1, w2, w3, w4, w5, w6, w7, s, t)
        others = madd(f32x4.convert_i32x4_s(otherDots), v128.load32_splat(scale + far), others)
      }
      let offset = f32x4.splat(0)
      let otherOffset = f32x4.splat(0)
      for (const last = panel + 256; panel < last; panel += 16, sums += 4) {
        const s = v128.load(panel)
        offset = madd(s, v128.load32_splat(sums), offset)
        otherOffset = madd(s, v128.load32_splat(sums + far), otherOffset)
      }
      const d = v128.load(panel)
      const zero = f32x4.splat(32)
      sum = madd(d, f32x4.sub(products, f32x4.mul(offset, zero)), sum)
      other = madd(d, f32x4.sub(others, f32x4.mul(otherOffset, zero)), other)
      panel += BYTES - D
    }
    v128.store(to, sum)
    v128.store(to, other, 16)
  }
}

/** Sub-blocks k and k + 1 of a half, under the scales `s` and `t`, which go to `scales` as f32. */
@inline
function layPair(
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
  layQuants<Q6_K>(w0, w1, w2, w3, k, half, to)
  layQuants<Q6_K>(w0, w1, w2, w3, k + 1, half, to + 64)
  v128.store(to, twice(s), FACTORS)
  v128.store(to, twice(t), FACTORS + 16)
  v128.store(scales, f32x4.convert_i32x4_s(s))
  v128.store(scales, f32x4.convert_i32x4_s(t), 16)
}

@inline
function dotsOf(
  x: usize,
  w0: v128,
  w1: v128,
  w2: v128,
  w3: v128,
  w4: v128,
  w5: v128,
  w6: v128,
  w7: v128,
  s: v128,
  t: v128,
): v128 {
  return i32x4.add(
    changetype<Pairs>(x).dots16(w0, w1, w2, w3, s),
    changetype<Pairs>(x + 16).dots16(w4, w5, w6, w7, t),
  )
}
