import { loadSmallF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { storeScaled } from './bytes'
import { dotColumn, evenBytes, oddBytes, storeColumn } from './columns'

const BYTES: usize = 110
/** Offsets in a block. */
const LOW_BITS: usize = 32
const SCALES: usize = 96
const SCALE: usize = 108

/**
 * 256 quants of 3 bits in 16 sub-blocks of 16, each with a 6-bit scale s: w = d (s - 32) (q - 4).
 * Layout: high bits (32 bytes: bit k of byte i for element 32 k + i), low 2 bits (64 bytes: half h, bits 2 k of byte
 * 32 h + i for element 128 h + 32 k + i), packed scales (12 bytes), d (f16). Source: block_q3_K in ggml-common.h.
 */
@unmanaged
export class Q3_K {
  @inline get elements(): i32 {
    return 256
  }
  @inline get bytes(): i32 {
    return <i32>BYTES
  }
  @inline get step(): i32 {
    return 16
  }
  @inline get zero(): i32 {
    return 4
  }
  @inline get minimums(): bool {
    return false
  }

  /** Rounds as ggml does: d × (s - 32), then that times q - 4. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      for (let half: i32 = 0; half < 2; half++, out += 512) {
        const bytes = scaleBytes(w + SCALES, half)
        storeWeights(w, half, 0, out, f32x4.mul(d, evenBytes(bytes)))
        storeWeights(w, half, 16, out + 64, f32x4.mul(d, oddBytes(bytes)))
      }
    }
  }

  unpack(quants: usize, scales: usize, _minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES, scales += 64) {
      const bytes = i64x2.replace_lane(halfScales(w + SCALES, 0), 1, i64x2.extract_lane(halfScales(w + SCALES, 1), 0))
      storeScaled(scales, bytes, f32x4.splat(loadSmallF16(w + SCALE)))
      for (let half: i32 = 0; half < 2; half++, quants += 128) {
        unpackColumn(w, half, 0, quants)
        unpackColumn(w, half, 16, quants + 16)
      }
    }
  }

  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>n) << 1); x < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      for (let half: i32 = 0; half < 2; half++, x += 256, scales += 16) {
        const bytes = scaleBytes(w + SCALES, half)
        const scale = f32x4.mul(d, v128.load(scales))
        sum0 = f32x4.add(sum0, dotWeights(w, half, 0, x, f32x4.mul(scale, evenBytes(bytes))))
        sum1 = f32x4.add(sum1, dotWeights(w, half, 16, x + 32, f32x4.mul(scale, oddBytes(bytes))))
      }
    }
    return sumF32x4(f32x4.add(sum0, sum1))
  }
}

/**
 * The eight scales of a half, minus 32, as bytes. Their low 4 bits are the low (half 0) or high (half 1)
 * nibbles of bytes 0…7; their high 2 bits are pairs of bits in bytes 8…11: for scale 4 k + i, bits 2 k of byte 8 + i.
 */
@inline
function halfScales(packed: usize, half: i32): v128 {
  const low = (load<u64>(packed) >> (half << 2)) & 0x0f0f0f0f0f0f0f0f
  const high = load<u32>(packed + 8) >> (half << 2)
  const pairs = (<u64>(high & 0x03030303)) | ((<u64>((high >> 2) & 0x03030303)) << 32)
  return i8x16.sub(i64x2.splat(low | (pairs << 4)), i32x4.splat(0x20202020))
}

/** The same, two in each i32 lane. */
@inline
function scaleBytes(packed: usize, half: i32): v128 {
  return i32x4.extend_low_i16x8_s(halfScales(packed, half))
}

/** 16 quants, from two bits at 0 and 1 of `low` and one at 2 of `high`. */
@inline
function quants(low: v128, high: v128): v128 {
  return v128.or(v128.and(low, i32x4.splat(0x03030303)), v128.and(high, i32x4.splat(0x04040404)))
}

/** The same minus 4. */
@inline
function join(low: v128, high: v128): v128 {
  return i8x16.sub(quants(low, high), i32x4.splat(0x04040404))
}

@inline
function dotWeights(w: usize, half: i32, column: usize, x: usize, scales: v128): v128 {
  const low = v128.load(w + LOW_BITS + ((<usize>half) << 5) + column)
  // Shifts the four high bits of this half down to bit 0.
  const high = i16x8.shr_u(v128.load(w + column), half << 2)
  return dotColumn(
    join(low, i16x8.shl(high, 2)),
    join(i16x8.shr_u(low, 2), i16x8.shl(high, 1)),
    join(i16x8.shr_u(low, 4), high),
    join(i16x8.shr_u(low, 6), i16x8.shr_u(high, 1)),
    x,
    scales,
  )
}

@inline
function storeWeights(w: usize, half: i32, column: usize, out: usize, scales: v128): void {
  const low = v128.load(w + LOW_BITS + ((<usize>half) << 5) + column)
  const high = i16x8.shr_u(v128.load(w + column), half << 2)
  storeColumn(
    out,
    join(low, i16x8.shl(high, 2)),
    join(i16x8.shr_u(low, 2), i16x8.shl(high, 1)),
    join(i16x8.shr_u(low, 4), high),
    join(i16x8.shr_u(low, 6), i16x8.shr_u(high, 1)),
    scales,
  )
}

@inline
function unpackColumn(w: usize, half: i32, column: usize, out: usize): void {
  const low = v128.load(w + LOW_BITS + ((<usize>half) << 5) + column)
  const high = i16x8.shr_u(v128.load(w + column), half << 2)
  v128.store(out, quants(low, i16x8.shl(high, 2)))
  v128.store(out, quants(i16x8.shr_u(low, 2), i16x8.shl(high, 1)), 32)
  v128.store(out, quants(i16x8.shr_u(low, 4), high), 64)
  v128.store(out, quants(i16x8.shr_u(low, 6), i16x8.shr_u(high, 1)), 96)
}
