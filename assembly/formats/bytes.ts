/** Shared by all quantised formats: from quants in vectors of 16 bytes to floats. */

/** The lanes of an integer dot product as f32, times a scale. */
@inline
export function scaled(dot: v128, scale: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(dot), scale)
}

/** Stores 16 bytes times `scale` as f32 (64 bytes) at `out`. */
@inline
export function storeScaled(out: usize, q: v128, scale: v128): void {
  const low = i16x8.extend_low_i8x16_s(q)
  const high = i16x8.extend_high_i8x16_s(q)
  v128.store(out, scaled(i32x4.extend_low_i16x8_s(low), scale))
  v128.store(out + 16, scaled(i32x4.extend_high_i16x8_s(low), scale))
  v128.store(out + 32, scaled(i32x4.extend_low_i16x8_s(high), scale))
  v128.store(out + 48, scaled(i32x4.extend_high_i16x8_s(high), scale))
}

/** Stores 16 bytes times `scale` plus `offset` as f32 (64 bytes) at `out`: two roundings, as in ggml. */
@inline
export function storeScaledPlus(out: usize, q: v128, scale: v128, offset: v128): void {
  const low = i16x8.extend_low_i8x16_s(q)
  const high = i16x8.extend_high_i8x16_s(q)
  v128.store(out, f32x4.add(scaled(i32x4.extend_low_i16x8_s(low), scale), offset))
  v128.store(out + 16, f32x4.add(scaled(i32x4.extend_high_i16x8_s(low), scale), offset))
  v128.store(out + 32, f32x4.add(scaled(i32x4.extend_low_i16x8_s(high), scale), offset))
  v128.store(out + 48, f32x4.add(scaled(i32x4.extend_high_i16x8_s(high), scale), offset))
}

/**
 * Lane 0 in all lanes; the others likewise. Not a shuffle: when V8 13 joins a pair of stored vectors that both use one, the
 * result is wrong.
 */
@inline
export function lane0(v: v128): v128 {
  return f32x4.splat(f32x4.extract_lane(v, 0))
}
@inline
export function lane1(v: v128): v128 {
  return f32x4.splat(f32x4.extract_lane(v, 1))
}
@inline
export function lane2(v: v128): v128 {
  return f32x4.splat(f32x4.extract_lane(v, 2))
}
@inline
export function lane3(v: v128): v128 {
  return f32x4.splat(f32x4.extract_lane(v, 3))
}
