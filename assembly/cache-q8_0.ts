import { f16ToF32, f32x4ToF16x4, loadFiniteF16 } from './math/f16'
import { maxF32x4, sums4 } from './math/lanes'

/**
 * A cache of 8-bit values in blocks of 32, laid out as the weights' format Q8_0: a scale in f16, then 32 bytes.
 * A head is one or more blocks.
 */

const BLOCK: i32 = 32
const BLOCK_BYTES: usize = 34
/** The largest magnitude of a stored value. */
const LIMIT: f32 = 127

/** Four of eight widened bytes as f32. */
@inline
function low4(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(bytes))
}
@inline
function high4(bytes: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(bytes))
}

/** Σ q·k over a block, before its scale, spread over four lanes. */
@inline
function dotBlock(q: usize, block: usize): v128 {
  const a = v128.load8x8_s(block + 2)
  const b = v128.load8x8_s(block + 10)
  const c = v128.load8x8_s(block + 18)
  const d = v128.load8x8_s(block + 26)
  const ab = f32x4.add(
    f32x4.add(f32x4.mul(v128.load(q), low4(a)), f32x4.mul(v128.load(q, 16), high4(a))),
    f32x4.add(f32x4.mul(v128.load(q, 32), low4(b)), f32x4.mul(v128.load(q, 48), high4(b))),
  )
  const cd = f32x4.add(
    f32x4.add(f32x4.mul(v128.load(q, 64), low4(c)), f32x4.mul(v128.load(q, 80), high4(c))),
    f32x4.add(f32x4.mul(v128.load(q, 96), low4(d)), f32x4.mul(v128.load(q, 112), high4(d))),
  )
  return f32x4.mul(f32x4.add(ab, cd), f32x4.splat(loadFiniteF16(block)))
}

/** A head's cached values, `headDim` / 32 blocks. */
@unmanaged
export class CachedQ8_0 {
  @inline headBytes(headDim: i32): usize {
    return <usize>(headDim / BLOCK) * BLOCK_BYTES
  }

  /** scores[p] = scale · q·k[p] for p < n, four positions at a time; `scores` has room for a multiple of four. */
  @inline score(q: usize, stride: usize, scores: usize, n: i32, headDim: i32, scale: f32): void {
    const keys = changetype<usize>(this)
    const scales = f32x4.splat(scale)
    const end = q + ((<usize>headDim) << 2)
    const last = n - 1
    for (let p = 0; p < n; p += 4) {
      // Past the last position its key is read again; what comes of it is never used.
      let k0 = keys + <usize>p * stride
      let k1 = keys + <usize>min(p + 1, last) * stride
      let k2 = keys + <usize>min(p + 2, last) * stride
      let k3 = keys + <usize>min(p + 3, last) * stride
      let a = f32x4.splat(0)
      let b = a
      let c = a
      let d = a
      for (let at = q; at < end; at += 128) {
        a = f32x4.add(a, dotBlock(at, k0))
        b = f32x4.add(b, dotBlock(at, k1))
        c = f32x4.add(c, dotBlock(at, k2))
        d = f32x4.add(d, dotBlock(at, k3))
        k0 += BLOCK_BYTES
        k1 += BLOCK_BYTES
        k2 += BLOCK_BYTES
        k3 += BLOCK_BYTES
      }
      v128.store(scores + ((<usize>p) << 2), f32x4.mul(sums4(a, b, c, d), scales))
    }
  }

  /** out[i] = Σ weights[p] · v[p][i], a block's 32 values in registers over all positions. */
  @inline mix(weights: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
    let values = changetype<usize>(this)
    const end = weights + ((<usize>n) << 2)
    for (let i = 0; i < headDim; i += BLOCK) {
      let s0 = f32x4.splat(0)
      let s1 = s0
      let s2 = s0
      let s3 = s0
      let s4 = s0
      let s5 = s0
      let s6 = s0
      let s7 = s0
      let block = values
      for (let at = weights; at < end; at += 4) {
        const w = f32x4.splat(load<f32>(at) * loadFiniteF16(block))
        const a = v128.load8x8_s(block + 2)
        const b = v128.load8x8_s(block + 10)
        const c = v128.load8x8_s(block + 18)
        const d = v128.load8x8_s(block + 26)
        s0 = f32x4.add(s0, f32x4.mul(w, low4(a)))
        s1 = f32x4.add(s1, f32x4.mul(w, high4(a)))
        s2 = f32x4.add(s2, f32x4.mul(w, low4(b)))
        s3 = f32x4.add(s3, f32x4.mul(w, high4(b)))
        s4 = f32x4.add(s4, f32x4.mul(w, low4(c)))
        s5 = f32x4.add(s5, f32x4.mul(w, high4(c)))
        s6 = f32x4.add(s6, f32x4.mul(w, low4(d)))
        s7 = f32x4.add(s7, f32x4.mul(w, high4(d)))
        block += stride
      }
      v128.store(out, s0)
      v128.store(out, s1, 16)
      v128.store(out, s2, 32)
      v128.store(out, s3, 48)
      v128.store(out, s4, 64)
      v128.store(out, s5, 80)
      v128.store(out, s6, 96)
      v128.store(out, s7, 112)
      out += 128
      values += BLOCK_BYTES
    }
  }
}

/** Eight values from `x` as bytes, in 16-bit lanes, clamped to ±127. */
@inline
function round8(x: usize, inverse: v128): v128 {
  const rounded = i16x8.narrow_i32x4_s(
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x), inverse))),
    i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(x, 16), inverse))),
  )
  return i16x8.max_s(i16x8.min_s(rounded, i16x8.splat(127)), i16x8.splat(-127))
}

/**
 * f32[n] → blocks, `n` a multiple of 32. Values are counted in steps of the scale as it is stored, rounded to f16:
 * off by half a step at most, but for the few that rounding the scale down puts beyond 127.
 */
export function store_q8_0(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += BLOCK) {
    let largest = f32x4.abs(v128.load(x))
    for (let at: usize = 16; at < 128; at += 16) largest = f32x4.max(largest, f32x4.abs(v128.load(x + at)))
    const bits = <u16>i32x4.extract_lane(f32x4ToF16x4(f32x4.splat(maxF32x4(largest) / LIMIT)), 0)
    const scale = f16ToF32(bits)
    const inverse = f32x4.splat(scale > 0 ? 1 / scale : 0)
    store<u16>(out, bits)
    v128.store(out + 2, i8x16.narrow_i16x8_s(round8(x, inverse), round8(x + 32, inverse)))
    v128.store(out + 18, i8x16.narrow_i16x8_s(round8(x + 64, inverse), round8(x + 96, inverse)))
    x += 128
    out += BLOCK_BYTES
  }
}
