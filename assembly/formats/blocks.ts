/** Loops over the blocks of rows, for formats with 32 elements in a block. */
import { madd } from '../math/lanes'
import { scaled } from './bytes'
import { dots32, halves4, upperHalves, words4 } from './rows'
import { Bytes32, Pairs32, tokenDots, Words32 } from './token_dots'

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

/** Adds the products of four rows' blocks that begin with their scale; each quant counts less `zero`. */
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
  return madd(scaled(dots, v128.load32_splat(scale)), halves4(w0, w1, w2, w3), sum)
}

/** The same for blocks that begin with their scale and a minimum, which is added to each weight. */
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

/** `tokenDots` of blocks of 32. */
@inline
function blockDots<T, N>(w0: usize, w1: usize, w2: usize, w3: usize, x: usize, far: usize, to: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD && isDefined(changetype<T>(w0).bits)) {
    if (changetype<T>(w0).bits == 8) tokenDots<Bytes32<T>, N>(w0, w1, w2, w3, 0, 0, x, far, to)
    else tokenDots<Pairs32<T>, N>(w0, w1, w2, w3, 0, 0, x, far, to)
  } else tokenDots<Words32<T>, N>(w0, w1, w2, w3, 0, 0, x, far, to)
}

/** `addBlocks` of several tokens: see `addTokens` in ../matvec_tokens.ts. */
@inline
export function addBlocksOfTokens<T, N>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  far: usize,
  scale: usize,
  total: usize,
  sums: usize,
  dots: usize,
): void {
  blockDots<T, N>(w0, w1, w2, w3, x, far, dots)
  const scales = halves4(w0, w1, w2, w3)
  for (let t: i32 = 0; t < changetype<N>(0).tokens; t++, scale += far, total += far, sums += 16, dots += 16) {
    let products = v128.load(dots)
    if (changetype<T>(w0).zero != 0) {
      products = i32x4.sub(products, i32x4.splat(changetype<T>(w0).zero * load<i32>(total)))
    }
    v128.store(sums, madd(scaled(products, v128.load32_splat(scale)), scales, v128.load(sums)))
  }
}

/** `addMinimumBlocks` of several tokens. */
@inline
export function addMinimumBlocksOfTokens<T, N>(
  w0: usize,
  w1: usize,
  w2: usize,
  w3: usize,
  x: usize,
  far: usize,
  scale: usize,
  blockSums: usize,
  sums: usize,
  dots: usize,
): void {
  blockDots<T, N>(w0, w1, w2, w3, x, far, dots)
  const words = words4(w0, w1, w2, w3)
  const minimums = upperHalves(words)
  const scales = upperHalves(i32x4.shl(words, 16))
  for (let t: i32 = 0; t < changetype<N>(0).tokens; t++, scale += far, blockSums += far, sums += 16, dots += 16) {
    const products = scaled(v128.load(dots), v128.load32_splat(scale))
    v128.store(sums, madd(products, scales, madd(minimums, blockSum(blockSums), v128.load(sums))))
  }
}
