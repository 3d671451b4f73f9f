import { f16ToF32, f32x4ToF16x4, loadFiniteF16 } from '../../math/f16'
import { maxF32x4 } from '../../math/lanes'

/**
 * A cache of 8-bit values in blocks of 32, in the format Q8_0 of weights: a scale in f16, then 32 bytes.
 * A head is one or more blocks.
 */

const BLOCK: i32 = 32
const BLOCK_BYTES: usize = 34
/** The largest magnitude of a stored value. */
const LIMIT: f32 = 127

/** Eight values from `x` as bytes, in 16-bit lanes, clamped to ±127. */
@inline
function round8(x: usize, inverse: v128): v128 {
  const rounded = i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse))),
  )
  return i16x8.max_s(i16x8.min_s(rounded, i16x8.splat(127)), i16x8.splat(-127))
}

/** For the methods see `CachedF16`; a head is `headDim` / 32 blocks. */
@unmanaged
export class CachedQ8_0 {
  @inline headBytes(headDim: i32): usize {
    return <usize>(headDim / BLOCK) * BLOCK_BYTES
  }
  @inline widen(out: usize, headDim: i32): void {
    let block = changetype<usize>(this)
    for (const end = block + this.headBytes(headDim); block < end; block += BLOCK_BYTES) {
      const scale = f32x4.splat(loadFiniteF16(block))
      for (let at = block + 2; at < block + BLOCK_BYTES; at += 8) {
        const eight = v128.load8x8_s(at)
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(eight)), scale))
        v128.store(out, f32x4.mul(f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(eight)), scale), 16)
        out += 32
      }
    }
  }
  /**
   * Writes f32[n] here; `n` is a multiple of 32. Values are quantised with the stored scale, already rounded to f16: the
   * error is at most half a step, except for the few values that rounding the scale down pushes beyond 127.
   */
  @inline store(x: usize, n: i32): void {
    let block = changetype<usize>(this)
    for (const end = block + this.headBytes(n); block < end; block += BLOCK_BYTES) {
      let largest = f32x4.abs(v128.load(x))
      for (let at: usize = 16; at < 128; at += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + at)))
      const bits = <u16>i32x4.extract_lane(f32x4ToF16x4(f32x4.splat(maxF32x4(largest) / LIMIT)), 0)
      const scale = f16ToF32(bits)
      const inverse = f32x4.splat(scale > 0 ? 1 / scale : 0)
      store<u16>(block, bits)
      v128.store(block + 2, i8x16.narrow_i16x8_s(round8(x, inverse), round8(x + 32, inverse)))
      v128.store(block + 18, i8x16.narrow_i16x8_s(round8(x + 64, inverse), round8(x + 96, inverse)))
      x += 128
    }
  }
}
