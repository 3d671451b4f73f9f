/** Blocks of 32 with activations of 16 bits, in the order of `addBlocks` and `addMinimumBlocks` in formats/blocks.ts. */
import { scaled } from '../formats/bytes'
import { halves4, upperHalves, words4 } from '../formats/rows'
import { madd } from '../math/lanes'

/** Of a block in the panel: columns in pairs, a byte each, of the four rows; then the rows' scales and minimums. */
const BYTES: usize = 160
const SCALES: usize = 128
const MINIMUMS: usize = 144

@unmanaged
export class Blocks16<T> {
  @inline get panelBytes(): usize {
    return BYTES
  }

  @inline get width(): usize {
    return 2
  }

  @inline lay(w1: usize, w2: usize, w3: usize, to: usize): void {
    const w0 = changetype<usize>(this)
    layPairs(signed<T>(w0, 0), signed<T>(w1, 0), signed<T>(w2, 0), signed<T>(w3, 0), to)
    layPairs(signed<T>(w0, 1), signed<T>(w1, 1), signed<T>(w2, 1), signed<T>(w3, 1), to + 64)
    if (changetype<T>(w0).minimums) {
      const words = words4(w0, w1, w2, w3)
      v128.store(to, upperHalves(i32x4.shl(words, 16)), SCALES)
      v128.store(to, upperHalves(words), MINIMUMS)
    } else v128.store(to, halves4(w0, w1, w2, w3), SCALES)
  }

  multiply(end: usize, x: usize, far: usize, scale: usize, sums: usize, _total: usize, to: usize): void {
    let sum = v128.load(to)
    let other = v128.load(to, 16)
    for (let panel = changetype<usize>(this); panel < end; panel += BYTES) {
      let w0 = v128.load8x8_s(panel)
      let w1 = v128.load8x8_s(panel, 8)
      let w2 = v128.load8x8_s(panel, 16)
      let w3 = v128.load8x8_s(panel, 24)
      let w4 = v128.load8x8_s(panel, 32)
      let w5 = v128.load8x8_s(panel, 40)
      let w6 = v128.load8x8_s(panel, 48)
      let w7 = v128.load8x8_s(panel, 56)
      let dots = dots16(x, w0, w1, w2, w3, w4, w5, w6, w7)
      let others = dots16(x + far, w0, w1, w2, w3, w4, w5, w6, w7)
      w0 = v128.load8x8_s(panel, 64)
      w1 = v128.load8x8_s(panel, 72)
      w2 = v128.load8x8_s(panel, 80)
      w3 = v128.load8x8_s(panel, 88)
      w4 = v128.load8x8_s(panel, 96)
      w5 = v128.load8x8_s(panel, 104)
      w6 = v128.load8x8_s(panel, 112)
      w7 = v128.load8x8_s(panel, 120)
      x += 32
      dots = i32x4.add(dots, dots16(x, w0, w1, w2, w3, w4, w5, w6, w7))
      others = i32x4.add(others, dots16(x + far, w0, w1, w2, w3, w4, w5, w6, w7))
      x += 32
      sum = added<T>(panel, dots, scale, sums, sum)
      other = added<T>(panel, others, scale + far, sums + far, other)
      scale += 4
      sums += 8
    }
    v128.store(to, sum)
    v128.store(to, other, 16)
  }
}

/** Sixteen quants as signed bytes, less their zero. */
@inline
function signed<T>(w: usize, k: i32): v128 {
  const quants = changetype<T>(w).quants(k)
  return changetype<T>(w).zero == 0 ? quants : i8x16.sub(quants, i8x16.splat(<i8>changetype<T>(w).zero))
}

/** Sixteen columns of four rows: eight bytes for each pair of them. */
@inline
function layPairs(a: v128, b: v128, c: v128, d: v128, to: usize): void {
  const ab0 = v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
  const cd0 = v128.shuffle<i16>(c, d, 0, 8, 1, 9, 2, 10, 3, 11)
  const ab1 = v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
  const cd1 = v128.shuffle<i16>(c, d, 4, 12, 5, 13, 6, 14, 7, 15)
  v128.store(to, v128.shuffle<i32>(ab0, cd0, 0, 4, 1, 5))
  v128.store(to, v128.shuffle<i32>(ab0, cd0, 2, 6, 3, 7), 16)
  v128.store(to, v128.shuffle<i32>(ab1, cd1, 0, 4, 1, 5), 32)
  v128.store(to, v128.shuffle<i32>(ab1, cd1, 2, 6, 3, 7), 48)
}

/** Sixteen columns, two a vector, times activations. */
@inline
function dots16(x: usize, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, w5: v128, w6: v128, w7: v128): v128 {
  let even = i32x4.dot_i16x8_s(w0, v128.load32_splat(x))
  let odd = i32x4.dot_i16x8_s(w1, v128.load32_splat(x, 4))
  even = i32x4.add(even, i32x4.dot_i16x8_s(w2, v128.load32_splat(x, 8)))
  odd = i32x4.add(odd, i32x4.dot_i16x8_s(w3, v128.load32_splat(x, 12)))
  even = i32x4.add(even, i32x4.dot_i16x8_s(w4, v128.load32_splat(x, 16)))
  odd = i32x4.add(odd, i32x4.dot_i16x8_s(w5, v128.load32_splat(x, 20)))
  even = i32x4.add(even, i32x4.dot_i16x8_s(w6, v128.load32_splat(x, 24)))
  odd = i32x4.add(odd, i32x4.dot_i16x8_s(w7, v128.load32_splat(x, 28)))
  return i32x4.add(even, odd)
}

@inline
function added<T>(panel: usize, dots: v128, scale: usize, sums: usize, sum: v128): v128 {
  if (changetype<T>(0).minimums) {
    sum = madd(v128.load(panel, MINIMUMS), f32x4.splat(load<f32>(sums) + load<f32>(sums, 4)), sum)
  }
  return madd(scaled(dots, v128.load32_splat(scale)), v128.load(panel, SCALES), sum)
}
