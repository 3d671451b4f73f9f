/** Super-blocks of Q4_K and Q5_K with activations of 8 bits, in the order of `addSuperBlocks` in formats/super_blocks.ts. */
import { minimums0, minimums4, scales0, scales4 } from '../formats/k_scales'
import { byte0, byte1, byte2, byte3, upperSmallHalves, words4 } from '../formats/rows'
import { madd } from '../math/lanes'
import { layQuants, Pairs, twice } from './int8'

/** Of a sub-block in the panel: eight vectors of four columns, then the rows' integer scales. */
const SUB_BLOCK: usize = 144
const FACTORS: usize = 128
/** Behind eight of them: their minimums as f32, d, dmin. */
const MINIMUMS: usize = 8 * SUB_BLOCK
const D: usize = MINIMUMS + 128
const DMIN: usize = D + 16
const BYTES: usize = DMIN + 16

@unmanaged
export class SuperBlocks<T> {
  @inline get panelBytes(): usize {
    return BYTES
  }

  @inline get width(): usize {
    return 1
  }

  @inline lay(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    const ds = words4(w0, w1, w2, w3)
    const packed0 = words4(w0 + 4, w1 + 4, w2 + 4, w3 + 4)
    const packed1 = words4(w0 + 8, w1 + 8, w2 + 8, w3 + 8)
    const packed2 = words4(w0 + 12, w1 + 12, w2 + 12, w3 + 12)
    v128.store(to, upperSmallHalves(i32x4.shl(ds, 16)), D)
    v128.store(to, upperSmallHalves(ds), DMIN)
    layMinimums(to + MINIMUMS, minimums0(packed1))
    layMinimums(to + MINIMUMS + 64, minimums4(packed1, packed2))
    let s = scales0(packed0)
    layPair<T>(w0, w1, w2, w3, 0, byte0(s), byte1(s), to)
    layPair<T>(w0, w1, w2, w3, 1, byte2(s), byte3(s), to + 2 * SUB_BLOCK)
    s = scales4(packed0, packed2)
    layPair<T>(w0, w1, w2, w3, 2, byte0(s), byte1(s), to + 4 * SUB_BLOCK)
    layPair<T>(w0, w1, w2, w3, 3, byte2(s), byte3(s), to + 6 * SUB_BLOCK)
  }

  multiply(end: usize, x: usize, far: usize, scale: usize, sums: usize, _total: usize, to: usize): void {
    const bits = changetype<T>(0).bits
    let sum = v128.load(to)
    let other = v128.load(to, 16)
    for (let panel = changetype<usize>(this); panel < end; ) {
      let products = f32x4.splat(0)
      let others = f32x4.splat(0)
      for (const last = panel + MINIMUMS; panel < last; panel += SUB_BLOCK, x += 32, scale += 4) {
        const w0 = v128.load(panel)
        const w1 = v128.load(panel, 16)
        const w2 = v128.load(panel, 32)
        const w3 = v128.load(panel, 48)
        const w4 = v128.load(panel, 64)
        const w5 = v128.load(panel, 80)
        const w6 = v128.load(panel, 96)
        const w7 = v128.load(panel, 112)
        const factors = v128.load(panel, FACTORS)
        const dots = changetype<Pairs>(x).dots32(w0, w1, w2, w3, w4, w5, w6, w7, factors, bits)
        products = madd(f32x4.convert_i32x4_s(dots), v128.load32_splat(scale), products)
        const otherDots = changetype<Pairs>(x + far).dots32(w0, w1, w2, w3, w4, w5, w6, w7, factors, bits)
        others = madd(f32x4.convert_i32x4_s(otherDots), v128.load32_splat(scale + far), others)
      }
      const d = v128.load(panel, D - MINIMUMS)
      const dmin = v128.load(panel, DMIN - MINIMUMS)
      sum = madd(d, products, f32x4.sub(sum, f32x4.mul(dmin, minimums(panel, sums))))
      other = madd(d, others, f32x4.sub(other, f32x4.mul(dmin, minimums(panel, sums + far))))
      panel += BYTES - MINIMUMS
      sums += 64
    }
    v128.store(to, sum)
    v128.store(to, other, 16)
  }
}

/** The four bytes of each lane. */
@inline
function layMinimums(to: usize, m: v128): void {
  v128.store(to, f32x4.convert_i32x4_s(byte0(m)))
  v128.store(to, f32x4.convert_i32x4_s(byte1(m)), 16)
  v128.store(to, f32x4.convert_i32x4_s(byte2(m)), 32)
  v128.store(to, f32x4.convert_i32x4_s(byte3(m)), 48)
}

@inline
function layPair<T>(w0: usize, w1: usize, w2: usize, w3: usize, pair: i32, s: v128, t: v128, to: usize): void {
  layQuants<T>(w0, w1, w2, w3, 0, pair, to)
  layQuants<T>(w0, w1, w2, w3, 1, pair, to + 64)
  v128.store(to, twice(s), FACTORS)
  layQuants<T>(w0, w1, w2, w3, 2, pair, to + SUB_BLOCK)
  layQuants<T>(w0, w1, w2, w3, 3, pair, to + SUB_BLOCK + 64)
  v128.store(to, twice(t), SUB_BLOCK + FACTORS)
}

/** The sum of a sub-block's activations, from its two at `sums`. */
@inline
function pairSum(sums: usize): v128 {
  return f32x4.splat(load<f32>(sums) + load<f32>(sums, 4))
}

/** Eight minimums at `m` times the sums of their sub-blocks' activations. */
@inline
function minimums(m: usize, sums: usize): v128 {
  let a = f32x4.mul(v128.load(m), pairSum(sums))
  a = madd(v128.load(m, 16), pairSum(sums + 8), a)
  a = madd(v128.load(m, 32), pairSum(sums + 16), a)
  a = madd(v128.load(m, 48), pairSum(sums + 24), a)
  let b = f32x4.mul(v128.load(m, 64), pairSum(sums + 32))
  b = madd(v128.load(m, 80), pairSum(sums + 40), b)
  b = madd(v128.load(m, 96), pairSum(sums + 48), b)
  b = madd(v128.load(m, 112), pairSum(sums + 56), b)
  return f32x4.add(a, b)
}
