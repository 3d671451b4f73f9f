/** Loops over the blocks of rows, for formats with 32 elements in a block. */
import { madd } from '../math/lanes'
import { scaled } from './bytes'
import { dots32, upperHalves, words4 } from './rows'

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

/** Adds the products of four rows' blocks; `T` has `scales4(w1, w2, w3)`, and `zero` is subtracted from each quant. */
@inline
export function addBlocks<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  total: usize,
  sum: v128,
): v128 {
  const offset = i32x4.splat(changetype<T>(w0).zero * load<i32>(total))
  const dots = i32x4.sub(dots32<T>(w0, w1, w2, w3, 0, 0, x), offset)
  return madd(scaled(dots, v128.load32_splat(scale)), changetype<T>(w0).scales4(w1, w2, w3), sum)
}

/** The same for blocks that begin with a scale and a minimum, which is added to each weight. */
@inline
export function addMinimumBlocks<T>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  scale: usize,
  sums: usize,
  sum: v128,
): v128 {
  const words = words4(w0, w1, w2, w3)
  const dots = scaled(dots32<T>(w0, w1, w2, w3, 0, 0, x), v128.load32_splat(scale))
  sum = madd(upperHalves(words), blockSum(sums), sum)
  return madd(dots, upperHalves(i32x4.shl(words, 16)), sum)
}
