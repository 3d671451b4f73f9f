import { madd } from '../math/lanes'

/**
 * Tokens' activations as the integer tiles take them: for each sub-block of columns what all tokens have there, one
 * token right behind the other, its values, their scale, and a term that the sub-block adds to a product. A tile repeats
 * values over a vector's lanes as it loads them; laid out so that it need not, they would outgrow the first cache.
 */

/** Tokens that a tile takes at a step: fewer are filled up with the last. */
export const STEP: i32 = 4

/** Bytes behind a sub-block's values: their scale (f32), and the term. */
export const TOKEN_TAIL: usize = 8

/** `tokens`, filled up to whole steps. */
@inline
export function filledUp(tokens: i32): i32 {
  return (tokens + STEP - 1) & ~(STEP - 1)
}

/**
 * Lays out sub-blocks of `step` columns, `width` bytes a value: of `n` columns from `column` on, of tokens whose rows of
 * `columns` quantised values (see ../README.md) begin at `x`, `xStride` bytes apart. The term is f32, the sum of the
 * activations, where `T` has minimums, else i32: what the quants' `zero` adds to the integers' products.
 */
@inline
export function layTokens<T>(
  to: usize,
  x: usize,
  xStride: usize,
  tokens: i32,
  columns: i32,
  column: i32,
  n: i32,
  step: i32,
  width: i32,
): void {
  const format = changetype<T>(0)
  const filled = filledUp(tokens)
  const bytes = <usize>(step * width)
  const scales = <usize>(columns * width)
  const sums = scales + ((<usize>columns) >> 3)
  for (const end = column + n; column < end; column += step) {
    let row = x
    for (let token = 0; token < filled; token++) {
      const values = row + <usize>(column * width)
      const first = v128.load(values)
      v128.store(to, first)
      const second = bytes == 32 ? v128.load(values, 16) : i32x4.splat(0)
      if (bytes == 32) v128.store(to, second, 16)
      to += bytes
      store<f32>(to, load<f32>(row + scales + ((<usize>(column >> 5)) << 2)))
      if (format.minimums) {
        const halves = row + sums + ((<usize>(column >> 4)) << 2)
        store<f32>(to, step == 32 ? load<f32>(halves) + load<f32>(halves + 4) : load<f32>(halves), 4)
      } else if (width == 1) {
        store<i32>(to, -format.zero * sumBytes(first, second), 4)
      }
      to += TOKEN_TAIL
      if (token + 1 < tokens) row += xStride
    }
  }
}

/** Σ of 32 signed bytes. */
@inline
function sumBytes(a: v128, b: v128): i32 {
  const pairs = i16x8.add(i16x8.extadd_pairwise_i8x16_s(a), i16x8.extadd_pairwise_i8x16_s(b))
  const fours = i32x4.extadd_pairwise_i16x8_s(pairs)
  const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1))
  return i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1)
}

/** Four rows' sums take in a sub-block's integer products: their scales and the token's, `tail`, are still to come. */
@inline
export function accumulate(sum: usize, dots: v128, scale: v128, minimum: v128, tail: usize, minimums: bool): void {
  let total = v128.load(sum)
  if (minimums) total = madd(minimum, v128.load32_splat(tail, 4), total)
  v128.store(sum, madd(f32x4.convert_i32x4_s(dots), f32x4.mul(scale, v128.load32_splat(tail)), total))
}
