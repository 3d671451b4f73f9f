/** Quantises activations to integers of 16 or 8 bits; layout and reasons are in README.md. */

import { maxF32x4 } from './math/lanes'

const BLOCK: i32 = 32

/** What a dot product takes, as `activation_kind` names it. */
export const UNSUPPORTED: i32 = 0
export const FLOATS: i32 = 1
export const INT16: i32 = 2
export const INT8: i32 = 3

/**
 * What most formats' `dot4` takes, and its bytes a value: with relaxed SIMD a product of 8 bits with quants of up to 7
 * is one instruction.
 */
export const DOT_KIND: i32 = ASC_FEATURE_RELAXED_SIMD ? INT8 : INT16
export const DOT_BYTES: usize = ASC_FEATURE_RELAXED_SIMD ? 1 : 2

/** Largest values that a block is scaled to. */
const LIMIT16: f32 = 32767
const LIMIT8: f32 = 127

@inline
function round8(x: usize, inverse: v128): v128 {
  return i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse))),
  )
}

/** Σ of sixteen 16-bit values as i32. */
@inline
function sum16(low: v128, high: v128): i32 {
  const pairs = i32x4.add(i32x4.extadd_pairwise_i16x8_s(low), i32x4.extadd_pairwise_i16x8_s(high))
  return (
    i32x4.extract_lane(pairs, 0) +
    i32x4.extract_lane(pairs, 1) +
    i32x4.extract_lane(pairs, 2) +
    i32x4.extract_lane(pairs, 3)
  )
}

/** One row: `x` f32[n] → `out`, as `kind` (INT16 or INT8) wants it; `n` is a multiple of 32. */
export function quantize_activations(kind: i32, x: usize, out: usize, n: i32): void {
  const wide = kind == INT16
  const limit = wide ? LIMIT16 : LIMIT8
  let scales = out + ((<usize>n) << <usize>wide)
  let sums = scales + ((<usize>n) >> 3)
  for (let block = 0; block < n; block += BLOCK) {
    let largest = f32x4.abs(v128.load(x))
    for (let i: usize = 16; i < 128; i += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + i)))
    const peak = maxF32x4(largest)
    const scale: f32 = peak / limit
    // Below 1e-30 the reciprocal could overflow; such a block is zero for every purpose.
    const inverse = f32x4.splat(peak > 1e-30 ? limit / peak : 0)
    const a = round8(x, inverse)
    const b = round8(x + 32, inverse)
    const c = round8(x + 64, inverse)
    const d = round8(x + 96, inverse)
    if (wide) {
      v128.store(out, a)
      v128.store(out, b, 16)
      v128.store(out, c, 32)
      v128.store(out, d, 48)
      out += 64
    } else {
      v128.store(out, i8x16.narrow_i16x8_s(a, b))
      v128.store(out, i8x16.narrow_i16x8_s(c, d), 16)
      out += 32
    }
    store<f32>(scales, scale)
    store<f32>(sums, scale * <f32>sum16(a, b))
    store<f32>(sums, scale * <f32>sum16(c, d), 4)
    x += 128
    scales += 4
    sums += 8
  }
}
