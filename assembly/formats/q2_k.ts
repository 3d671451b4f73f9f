import { loadSmallF16 } from '../math/f16'
import { sumF32x4 } from '../math/lanes'
import { lane0, lane1, lane2, lane3, storeScaled, storeScaledPlus } from './bytes'
import { dotColumn, evenBytes, oddBytes } from './columns'

const BYTES: usize = 84
/** Offsets in a block; the scales are first. */
const QUANTS: usize = 16
const SCALE: usize = 80
const MINIMUM: usize = 82

/**
 * 256 quants of 2 bits in 16 sub-blocks of 16, each with a 4-bit scale s and minimum m: w = d s q - dmin m.
 * Layout: scales in low and minimums in high nibbles (16 bytes), quants (64 bytes: half h, bits 2 k of byte 32 h + i
 * for element 128 h + 32 k + i), d, dmin (f16). Source: block_q2_K in ggml-common.h.
 */
@unmanaged
export class Q2_K {
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
    return 0
  }
  @inline get minimums(): bool {
    return true
  }

  /** Rounds as ggml does: d × s and dmin × m, the product with q, the difference. */
  dequantize(out: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = out + ((<usize>n) << 2); out < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      const dmin = f32x4.splat(-loadSmallF16(w + MINIMUM))
      let q = w + QUANTS
      for (let s = w; s < w + QUANTS; s += 8, q += 32, out += 512) {
        const scales = scaleBytes(s)
        const minimums = minimumBytes(s)
        storeWeights(q, out, f32x4.mul(d, evenBytes(scales)), f32x4.mul(dmin, evenBytes(minimums)))
        storeWeights(q + 16, out + 64, f32x4.mul(d, oddBytes(scales)), f32x4.mul(dmin, oddBytes(minimums)))
      }
    }
  }

  unpack(quants: usize, scales: usize, minimums: usize, n: i32): void {
    let w = changetype<usize>(this)
    for (const end = quants + <usize>n; quants < end; w += BYTES, scales += 64, minimums += 64) {
      const packed = v128.load(w)
      const nibble = i8x16.splat(15)
      storeScaled(scales, v128.and(packed, nibble), f32x4.splat(loadSmallF16(w + SCALE)))
      storeScaled(minimums, v128.and(i16x8.shr_u(packed, 4), nibble), f32x4.splat(-loadSmallF16(w + MINIMUM)))
      for (let q = w + QUANTS; q < w + SCALE; q += 32, quants += 128) {
        unpackColumn(q, quants)
        unpackColumn(q + 16, quants + 16)
      }
    }
  }

  dot(x: usize, n: i32): f32 {
    let w = changetype<usize>(this)
    let scales = x + ((<usize>n) << 1)
    let sums = scales + ((<usize>n) >> 3)
    let sum0 = f32x4.splat(0)
    let sum1 = f32x4.splat(0)
    for (const end = x + ((<usize>n) << 1); x < end; w += BYTES) {
      const d = f32x4.splat(loadSmallF16(w + SCALE))
      const dmin = f32x4.splat(loadSmallF16(w + MINIMUM))
      let q = w + QUANTS
      for (let s = w; s < w + QUANTS; s += 8, q += 32, x += 256, scales += 16, sums += 32) {
        const bytes = scaleBytes(s)
        const scale = f32x4.mul(d, v128.load(scales))
        sum0 = f32x4.sub(sum0, f32x4.mul(dmin, dotMinimums(minimumBytes(s), sums)))
        sum0 = f32x4.add(sum0, dotWeights(q, x, f32x4.mul(scale, evenBytes(bytes))))
        sum1 = f32x4.add(sum1, dotWeights(q + 16, x + 32, f32x4.mul(scale, oddBytes(bytes))))
      }
    }
    return sumF32x4(f32x4.add(sum0, sum1))
  }
}

/** The eight scales of a half as bytes, two in each i32 lane. */
@inline
function scaleBytes(packed: usize): v128 {
  return v128.and(v128.load16x4_u(packed), i32x4.splat(0x0f0f))
}

@inline
function minimumBytes(packed: usize): v128 {
  return v128.and(i32x4.shr_u(v128.load16x4_u(packed), 4), i32x4.splat(0x0f0f))
}

/** Eight minimums times the sums of their activations, in four lanes. */
@inline
function dotMinimums(minimums: v128, sums: usize): v128 {
  const a = v128.load(sums)
  const b = v128.load(sums + 16)
  return f32x4.add(
    f32x4.mul(evenBytes(minimums), v128.shuffle<i32>(a, b, 0, 2, 4, 6)),
    f32x4.mul(oddBytes(minimums), v128.shuffle<i32>(a, b, 1, 3, 5, 7)),
  )
}

/** The lowest 2 bits of each byte. */
@inline
function low2(q: v128): v128 {
  return v128.and(q, i32x4.splat(0x03030303))
}

@inline
function dotWeights(quants: usize, x: usize, scales: v128): v128 {
  const q = v128.load(quants)
  return dotColumn(
    low2(q),
    low2(i16x8.shr_u(q, 2)),
    low2(i16x8.shr_u(q, 4)),
    low2(i16x8.shr_u(q, 6)),
    x,
    scales,
  )
}

@inline
function storeWeights(quants: usize, out: usize, scales: v128, offsets: v128): void {
  const q = v128.load(quants)
  storeScaledPlus(out, low2(q), lane0(scales), lane0(offsets))
  storeScaledPlus(out + 128, low2(i16x8.shr_u(q, 2)), lane1(scales), lane1(offsets))
  storeScaledPlus(out + 256, low2(i16x8.shr_u(q, 4)), lane2(scales), lane2(offsets))
  storeScaledPlus(out + 384, low2(i16x8.shr_u(q, 6)), lane3(scales), lane3(offsets))
}

@inline
function unpackColumn(packed: usize, quants: usize): void {
  const q = v128.load(packed)
  v128.store(quants, low2(q))
  v128.store(quants, low2(i16x8.shr_u(q, 2)), 32)
  v128.store(quants, low2(i16x8.shr_u(q, 4)), 64)
  v128.store(quants, low2(i16x8.shr_u(q, 6)), 96)
}
