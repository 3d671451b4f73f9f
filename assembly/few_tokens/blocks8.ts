/** Blocks of 32 with activations of 8 bits, in the order of `addBlocks` and `addMinimumBlocks` in formats/blocks.ts. */
import { scaled } from '../formats/bytes'
import { halves4, upperHalves, words4 } from '../formats/rows'
import { constant, ONES_I16 } from '../math/constants'
import { madd } from '../math/lanes'
import { layQuants } from './int8'

/** Of a block in the panel: eight vectors of four columns, then the rows' scales and minimums. */
const BYTES: usize = 160
const SCALES: usize = 128
const MINIMUMS: usize = 144

/** `Dots` is `Pairs` or `Bytes`. */
@unmanaged
export class Blocks8<T, Dots> {
  @inline get panelBytes(): usize {
    return BYTES
  }

  @inline get width(): usize {
    return 1
  }

  @inline lay(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    layQuants<T>(w0, w1, w2, w3, 0, 0, to)
    layQuants<T>(w0, w1, w2, w3, 1, 0, to + 64)
    if (changetype<T>(w0).minimums) {
      const words = words4(w0, w1, w2, w3)
      v128.store(to, upperHalves(i32x4.shl(words, 16)), SCALES)
      v128.store(to, upperHalves(words), MINIMUMS)
    } else v128.store(to, halves4(w0, w1, w2, w3), SCALES)
  }

  multiply(end: usize, x: usize, far: usize, scale: usize, sums: usize, total: usize, to: usize): void {
    const bits = changetype<T>(0).bits
    const ones = constant(ONES_I16)
    let sum = v128.load(to)
    let other = v128.load(to, 16)
    for (let panel = changetype<usize>(this); panel < end; panel += BYTES) {
      const w0 = v128.load(panel)
      const w1 = v128.load(panel, 16)
      const w2 = v128.load(panel, 32)
      const w3 = v128.load(panel, 48)
      const w4 = v128.load(panel, 64)
      const w5 = v128.load(panel, 80)
      const w6 = v128.load(panel, 96)
      const w7 = v128.load(panel, 112)
      const dots = changetype<Dots>(x).dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, bits)
      sum = added<T>(panel, dots, scale, sums, total, sum)
      const others = changetype<Dots>(x + far).dots32(w0, w1, w2, w3, w4, w5, w6, w7, ones, bits)
      other = added<T>(panel, others, scale + far, sums + far, total + far, other)
      x += 32
      scale += 4
      sums += 8
      total += 4
    }
    v128.store(to, sum)
    v128.store(to, other, 16)
  }
}

@inline
function added<T>(panel: usize, dots: v128, scale: usize, sums: usize, total: usize, sum: v128): v128 {
  if (changetype<T>(0).minimums) {
    sum = madd(v128.load(panel, MINIMUMS), f32x4.splat(load<f32>(sums) + load<f32>(sums, 4)), sum)
  } else {
    dots = i32x4.sub(dots, i32x4.splat(changetype<T>(0).zero * load<i32>(total)))
  }
  return madd(scaled(dots, v128.load32_splat(scale)), v128.load(panel, SCALES), sum)
}
