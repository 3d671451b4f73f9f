/**
 * Loops for formats whose blocks are several steps of 32 quants under one half-precision scale: Q1_0, Q2_0, TQ1_0, TQ2_0. `T` has
 * `scaleAt`, the offset of the scale in a block, and `quants(k, step)`, sixteen unsigned quants of at most 4 bits, without
 * subtracting `zero`: vector k of step `step`.
 */
import { loadSmallF16 } from '../math/f16'
import { madd } from '../math/lanes'
import { storeScaled } from './bytes'
import { dots32, smallHalves4 } from './rows'

/** w = d (q - zero): one rounding each. */
@inline
export function dequantizeSteps<T>(w: usize, out: usize, n: i32): void {
  const zero = i8x16.splat(<i8>changetype<T>(w).zero)
  for (const end = out + ((<usize>n) << 2); out < end; w += <usize>changetype<T>(w).bytes) {
    const block = changetype<T>(w)
    const scale = f32x4.splat(loadSmallF16(w + block.scaleAt))
    for (let step = 0; step < block.elements >> 5; step++, out += 128) {
      storeScaled(out, i8x16.sub(block.quants(0, step), zero), scale)
      storeScaled(out + 64, i8x16.sub(block.quants(1, step), zero), scale)
    }
  }
}

@inline
export function unpackSteps<T>(w: usize, quants: usize, scales: usize, n: i32): void {
  for (const end = quants + <usize>n; quants < end; w += <usize>changetype<T>(w).bytes) {
    const block = changetype<T>(w)
    const scale = loadSmallF16(w + block.scaleAt)
    for (let step = 0; step < block.elements >> 5; step++, quants += 32, scales += 4) {
      v128.store(quants, block.quants(0, step))
      v128.store(quants, block.quants(1, step), 16)
      store<f32>(scales, scale)
    }
  }
}

/** Adds the products of four rows' blocks. */
@inline
export function addSteps<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  total: usize,
  sum: v128,
): v128 {
  const block = changetype<T>(w0)
  const width = block.width
  let products = f32x4.splat(0)
  for (let step = 0; step < block.elements >> 5; step++, x += 32 * width, scale += 4, total += 4) {
    const offset = i32x4.splat(block.zero * load<i32>(total))
    const dots = i32x4.sub(dots32<T>(w0, w1, w2, w3, 0, step, x), offset)
    products = madd(f32x4.convert_i32x4_s(dots), v128.load32_splat(scale), products)
  }
  const at = block.scaleAt
  return madd(smallHalves4(w0 + at, w1 + at, w2 + at, w3 + at), products, sum)
}
