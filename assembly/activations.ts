/** Quantises activations to 16-bit or 8-bit integers; layout and reasons are in README.md. */

const BLOCK: i32 = 32

/** Kinds of activations that a dot product takes, as `activation_kind` returns them. */
export const UNSUPPORTED: i32 = 0
export const FLOATS: i32 = 1
export const INT16: i32 = 2
export const INT8: i32 = 3

/**
 * The kind that most formats' `addBlock` takes, and its bytes per value: with relaxed SIMD, products of 8-bit activations
 * with quants of at most 7 bits take one instruction.
 */
export const DOT_KIND: i32 = ASC_FEATURE_RELAXED_SIMD ? INT8 : INT16
export const DOT_BYTES: usize = ASC_FEATURE_RELAXED_SIMD ? 1 : 2

/** Largest magnitude after scaling. */
const LIMIT16: f32 = 32767
const LIMIT8: f32 = 127

/** 1.5 · 2^23: adding it to a number below 2^22 leaves the nearest integer, ties to even, in the low bits. */
const ROUNDER: f32 = 12582912

/** Eight values times `inverse` as 16-bit integers. */
@inline
function round8(x: usize, inverse: v128): v128 {
  const rounder = f32x4.splat(ROUNDER)
  return i16x8.narrow_i32x4_s(
    i32x4.sub(f32x4.add(f32x4.mul(v128.load(x), inverse), rounder), rounder),
    i32x4.sub(f32x4.add(f32x4.mul(v128.load(x, 16), inverse), rounder), rounder),
  )
}

@inline
function magnitudes(x: usize): v128 {
  return i32x4.max_u(f32x4.abs(v128.load(x)), f32x4.abs(v128.load(x, 16)))
}

/** Largest magnitude of 32 values, or NaN if any is NaN. The bits of non-negative floats are ordered like integers. */
@inline
function largest32(x: usize): f32 {
  const fours = i32x4.max_u(
    i32x4.max_u(magnitudes(x), magnitudes(x + 32)),
    i32x4.max_u(magnitudes(x + 64), magnitudes(x + 96)),
  )
  const twos = i32x4.max_u(fours, v128.shuffle<i32>(fours, fours, 2, 3, 0, 1))
  return f32x4.extract_lane(i32x4.max_u(twos, v128.shuffle<i32>(twos, twos, 1, 0, 3, 2)), 0)
}

/** Σ of sixteen 16-bit values in four lanes. */
@inline
function fourSums(low: v128, high: v128): v128 {
  return i32x4.add(i32x4.extadd_pairwise_i16x8_s(low), i32x4.extadd_pairwise_i16x8_s(high))
}

/** The sums of two vectors' lanes, in lanes 0 and 1. */
@inline
function twoSums(a: v128, b: v128): v128 {
  const sums = i32x4.add(v128.shuffle<i32>(a, b, 0, 4, 1, 5), v128.shuffle<i32>(a, b, 2, 6, 3, 7))
  return i32x4.add(sums, v128.shuffle<i32>(sums, sums, 2, 3, 0, 1))
}

/** Bytes of a row of `n` activations of `kind`, INT16 or INT8; `n` is a multiple of 32. */
export function activation_bytes(kind: i32, n: i32): usize {
  return totalsAt(kind, n) + ((<usize>n) >> 3)
}

/** Offset of the totals in such a row. */
@inline
export function totalsAt(kind: i32, n: i32): usize {
  return ((<usize>n) << <usize>(kind == INT16)) + ((<usize>n * 3) >> 3)
}

/** One row: `x` f32[n] → `out` in the layout of `kind`, INT16 or INT8; `n` is a multiple of 32. */
export function quantize_activations(kind: i32, x: usize, out: usize, n: i32): void {
  const wide = kind == INT16
  const limit = wide ? LIMIT16 : LIMIT8
  let scales = out + ((<usize>n) << <usize>wide)
  let sums = scales + ((<usize>n) >> 3)
  let totals = out + totalsAt(kind, n)
  for (let block = 0; block < n; block += BLOCK) {
    const peak = largest32(x)
    const scale: f32 = peak / limit
    // Below 1e-30 the reciprocal could overflow; such a block is treated as zero.
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
    const halves = twoSums(fourSums(a, b), fourSums(c, d))
    v128.store64_lane(sums, f32x4.mul(f32x4.convert_i32x4_s(halves), f32x4.splat(scale)), 0)
    store<i32>(totals, i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1))
    x += 128
    scales += 4
    sums += 8
    totals += 4
  }
}
