/** Loops over the blocks of rows, for formats with 32 elements in a block. */
import { DOT_BYTES } from '../activations'
import { madd } from '../math/lanes'
import { scaled } from './bytes'
import { dots32, halves4, upperHalves, words4 } from './rows'

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

/** Dot products of four rows of blocks that begin with their scale; each quant counts less `zero`. */
@inline
export function dotBlocks<T>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, n: i32, zero: f32): v128 {
  const bytes = changetype<T>(w0).bytes
  let scales = x + <usize>n * DOT_BYTES
  let sums = scales + ((<usize>n) >> 3)
  let sum = f32x4.splat(0)
  let offset = f32x4.splat(0)
  for (const end = scales; x < end; x += 32 * DOT_BYTES, scales += 4, sums += 8) {
    const dots = dots32<T>(w0, w1, w2, w3, 0, 0, x)
    const d = halves4(w0, w1, w2, w3)
    sum = madd(scaled(dots, v128.load32_splat(scales)), d, sum)
    offset = madd(d, blockSum(sums), offset)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
  }
  return f32x4.sub(sum, f32x4.mul(offset, f32x4.splat(zero)))
}

/** The same for blocks that begin with their scale and a minimum, which is added to each weight. */
@inline
export function dotMinimumBlocks<T>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, n: i32): v128 {
  const bytes = changetype<T>(w0).bytes
  let scales = x + <usize>n * DOT_BYTES
  let sums = scales + ((<usize>n) >> 3)
  let sum = f32x4.splat(0)
  let offset = f32x4.splat(0)
  for (const end = scales; x < end; x += 32 * DOT_BYTES, scales += 4, sums += 8) {
    const dots = dots32<T>(w0, w1, w2, w3, 0, 0, x)
    const words = words4(w0, w1, w2, w3)
    sum = madd(scaled(dots, v128.load32_splat(scales)), upperHalves(i32x4.shl(words, 16)), sum)
    offset = madd(upperHalves(words), blockSum(sums), offset)
    w0 += bytes
    w1 += bytes
    w2 += bytes
    w3 += bytes
  }
  return f32x4.add(sum, offset)
}
