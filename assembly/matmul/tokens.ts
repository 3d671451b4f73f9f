import { INT16, INT8, totalsAt } from '../activations'
import { madd } from '../math/lanes'

/**
 * Activations packed for the integer tiles: [sub-block][token], each with the token's values, their scale, and a term that
 * the sub-block adds to a product. A tile broadcasts values to a vector's lanes as it loads them; packed as broadcast, they
 * would not fit into the L1 cache.
 */

/** Tokens that a tile takes per step; the last step is padded with copies of the last token. */
export const STEP: i32 = 4

/** Bytes after a sub-block's values: their scale (f32), and the term. */
export const TOKEN_TAIL: usize = 8

/** `tokens`, rounded up to a multiple of STEP. */
@inline
export function roundUpToStep(tokens: i32): i32 {
  return (tokens + STEP - 1) & ~(STEP - 1)
}

/**
 * Packs sub-blocks of `step` columns, `width` bytes per value: `n` columns from `column` on, of tokens whose rows of
 * `columns` quantised values (see ../README.md) begin at `x`, `xStride` bytes apart. The term is the sum of the activations
 * (f32) if `T` has minimums, otherwise what the quants' `zero` adds to the integer products (i32).
 */
@inline
export function packTokens<T>(
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
  const padded = roundUpToStep(tokens)
  const bytes = <usize>(step * width)
  const scales = <usize>(columns * width)
  const sums = scales + ((<usize>columns) >> 3)
  const totals = totalsAt(width == 2 ? INT16 : INT8, columns)
  for (const end = column + n; column < end; column += step) {
    let row = x
    for (let token = 0; token < padded; token++) {
      const values = row + <usize>(column * width)
      const first = v128.load(values)
      v128.store(to, first)
      if (bytes == 32) v128.store(to, v128.load(values, 16), 16)
      to += bytes
      store<f32>(to, load<f32>(row + scales + ((<usize>(column >> 5)) << 2)))
      if (format.minimums) {
        const halves = row + sums + ((<usize>(column >> 4)) << 2)
        store<f32>(to, step == 32 ? load<f32>(halves) + load<f32>(halves + 4) : load<f32>(halves), 4)
      } else if (width == 1) {
        const total = step == 32 ? load<i32>(row + totals + ((<usize>(column >> 5)) << 2)) : sumBytes(first)
        store<i32>(to, -format.zero * total, 4)
      }
      to += TOKEN_TAIL
      if (token + 1 < tokens) row += xStride
    }
  }
}

/** Σ of 16 signed bytes. */
@inline
function sumBytes(v: v128): i32 {
  const fours = i32x4.extadd_pairwise_i16x8_s(i16x8.extadd_pairwise_i8x16_s(v))
  const twos = i32x4.add(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1))
  return i32x4.extract_lane(twos, 0) + i32x4.extract_lane(twos, 1)
}

/**
 * Adds a sub-block's integer products, times the rows' scales and the token's scale at `tail`, to the sums of a tile's rows.
 * `upper…` belong to the upper four rows of a tile of eight.
 */
@inline
export function accumulate(
  sums: usize,
  dots: v128,
  upperDots: v128,
  scale: v128,
  upperScale: v128,
  minimum: v128,
  upperMinimum: v128,
  tail: usize,
  minimums: bool,
): void {
  const sum = added(v128.load(sums), dots, scale, minimum, tail, minimums)
  if (WIDE) v128.store(sums, added(v128.load(sums, 16), upperDots, upperScale, upperMinimum, tail, minimums), 16)
  v128.store(sums, sum)
}

@inline
function added(sum: v128, dots: v128, scale: v128, minimum: v128, tail: usize, minimums: bool): v128 {
  if (minimums) sum = madd(minimum, v128.load32_splat(tail, 4), sum)
  return madd(f32x4.convert_i32x4_s(dots), f32x4.mul(scale, v128.load32_splat(tail)), sum)
}
