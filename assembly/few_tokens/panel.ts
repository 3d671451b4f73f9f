/** What panels consist of; see tile.ts. Rows 0 … 3 are packed first, then rows 4 … 7, 16 bytes further on. */
import { signedQuants } from '../formats/blocks'
import { constant, ONES_I16 } from '../math/constants'
import { transpose } from '../matmul/transpose'
import { TERMS } from './tile'

/** What most blocks' heads tell `tile` and `tile6`: the tokens' first term is theirs, and sums have no factors. */
@unmanaged
export class Head {
  @inline get termPlace(): usize {
    return 16
  }

  @inline get termStep(): usize {
    return TERMS
  }

  @inline factorsAt(_at: usize, _four: usize): v128 {
    return constant(ONES_I16)
  }
}

/** A block's term: what the quants' zero adds to the products of its activations, whose total is at `total`. */
@inline
export function packZero<T>(total: usize, to: usize): void {
  store<i32>(to, -changetype<T>(0).zero * load<i32>(total))
}

/** A block's term: the sum of its activations, which minimums are multiplied with. */
@inline
export function packSum(sums: usize, to: usize): void {
  store<f32>(to, load<f32>(sums) + load<f32>(sums, 4))
}

/** Sixteen quants of four rows as bytes: four vectors of four columns. */
@inline
export function packBytes<T>(w0: usize, w1: usize, w2: usize, w3: usize, k: i32, step: i32, to: usize): void {
  transpose(
    changetype<T>(w0).quants(k, step),
    changetype<T>(w1).quants(k, step),
    changetype<T>(w2).quants(k, step),
    changetype<T>(w3).quants(k, step),
    to,
    32,
  )
}

/** A block's 32 quants of four rows as 16 bits, less their zero: sixteen vectors of two columns. */
@inline
export function packWords<T>(w0: usize, w1: usize, w2: usize, w3: usize, to: usize): void {
  for (let k: i32 = 0; k < 2; k++, to += 256) {
    const a = signedQuants<T>(w0, k)
    const b = signedQuants<T>(w1, k)
    const c = signedQuants<T>(w2, k)
    const d = signedQuants<T>(w3, k)
    transpose(low(a), low(b), low(c), low(d), to, 32)
    transpose(high(a), high(b), high(c), high(d), to + 128, 32)
  }
}

@inline
function low(v: v128): v128 {
  return i16x8.extend_low_i8x16_s(v)
}

@inline
function high(v: v128): v128 {
  return i16x8.extend_high_i8x16_s(v)
}

/** A lane's integer in both of its 16-bit halves. */
@inline
export function twice(v: v128): v128 {
  return v128.or(v128.and(v, i32x4.splat(0xffff)), i32x4.shl(v, 16))
}
