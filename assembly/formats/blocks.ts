/** Loops over the blocks of rows, for formats with 32 elements in a block. */
import { DOT_BYTES, DOT_KIND, totalsAt } from '../activations'
import { madd } from '../math/lanes'
import { scaled } from './bytes'
import { dots32, halves4, storeEight, upperHalves, words4 } from './rows'

/** `T` has `dequantizeBlock(out)`. */
@inline
export function dequantizeBlocks<T>(row: usize, out: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = out + ((<usize>n) << 2); out < end; row += bytes, out += 128) {
    changetype<T>(row).dequantizeBlock(out)
  }
}

/** `T` has `unpackBlock(quants, scales, minimums)`. */
@inline
export function unpackBlocks<T>(row: usize, quants: usize, scales: usize, minimums: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = quants + <usize>n; quants < end; row += bytes, quants += 32, scales += 4, minimums += 4) {
    changetype<T>(row).unpackBlock(quants, scales, minimums)
  }
}

/** The sum of a block's activations in all lanes, from its two at `sums`. */
@inline
function blockSum(sums: usize): v128 {
  return f32x4.splat(load<f32>(sums) + load<f32>(sums + 4))
}

/**
 * Dot products of eight rows of blocks that begin with their scale; each quant counts less `zero`. The rows begin at `w`
 * and `far` bytes apart, none behind `last`. For the results see `storeEight`.
 */
@inline
export function dotBlocks<T>(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  n: i32,
  zero: i32,
  out: usize,
  outFar: usize,
  count: i32,
): void {
  const bytes = changetype<T>(w).bytes
  let w0 = w
  let w1 = min(w + far, last)
  let w2 = min(w + 2 * far, last)
  let w3 = min(w + 3 * far, last)
  let w4 = min(w + 4 * far, last)
  let w5 = min(w + 5 * far, last)
  let w6 = min(w + 6 * far, last)
  let w7 = min(w + 7 * far, last)
  let scales = x + <usize>n * DOT_BYTES
  let totals = x + totalsAt(DOT_KIND, n)
  let low = f32x4.splat(0)
  let high = f32x4.splat(0)
  for (const end = scales; x < end; x += 32 * DOT_BYTES, scales += 4, totals += 4) {
    const scale = v128.load32_splat(scales)
    const offset = i32x4.splat(zero * load<i32>(totals))
    const lowDots = i32x4.sub(dots32<T>(w0, w1, w2, w3, 0, 0, x), offset)
    low = madd(scaled(lowDots, scale), halves4(w0, w1, w2, w3), low)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    const highDots = i32x4.sub(dots32<T>(w4, w5, w6, w7, 0, 0, x), offset)
    high = madd(scaled(highDots, scale), halves4(w4, w5, w6, w7), high)
    w4 += bytes
    w5 += bytes
    w6 += bytes
    w7 += bytes
  }
  storeEight(out, outFar, count, low, high)
}

/** The same for blocks that begin with their scale and a minimum, which is added to each weight. */
@inline
export function dotMinimumBlocks<T>(
  w: usize,
  far: usize,
  last: usize,
  x: usize,
  n: i32,
  out: usize,
  outFar: usize,
  count: i32,
): void {
  const bytes = changetype<T>(w).bytes
  let w0 = w
  let w1 = min(w + far, last)
  let w2 = min(w + 2 * far, last)
  let w3 = min(w + 3 * far, last)
  let w4 = min(w + 4 * far, last)
  let w5 = min(w + 5 * far, last)
  let w6 = min(w + 6 * far, last)
  let w7 = min(w + 7 * far, last)
  let scales = x + <usize>n * DOT_BYTES
  let sums = scales + ((<usize>n) >> 3)
  let lowSum = f32x4.splat(0)
  let lowOffset = f32x4.splat(0)
  let highSum = f32x4.splat(0)
  let highOffset = f32x4.splat(0)
  for (const end = scales; x < end; x += 32 * DOT_BYTES, scales += 4, sums += 8) {
    const lowWords = words4(w0, w1, w2, w3)
    const low = dots32<T>(w0, w1, w2, w3, 0, 0, x)
    lowSum = madd(scaled(low, v128.load32_splat(scales)), upperHalves(i32x4.shl(lowWords, 16)), lowSum)
    lowOffset = madd(upperHalves(lowWords), blockSum(sums), lowOffset)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
    const highWords = words4(w4, w5, w6, w7)
    const high = dots32<T>(w4, w5, w6, w7, 0, 0, x)
    highSum = madd(scaled(high, v128.load32_splat(scales)), upperHalves(i32x4.shl(highWords, 16)), highSum)
    highOffset = madd(upperHalves(highWords), blockSum(sums), highOffset)
    w4 += bytes
    w5 += bytes
    w6 += bytes
    w7 += bytes
  }
  storeEight(out, outFar, count, f32x4.add(lowSum, lowOffset), f32x4.add(highSum, highOffset))
}
