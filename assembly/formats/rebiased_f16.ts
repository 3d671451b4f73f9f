/**
 * Halves with an exponent bias of 25 instead of 15. All halves below 128 are exact, and none is subnormal, so no loop has to
 * check for subnormal halves; among F16 weights, which rarely reach 1, some in a thousand are. The engine rebiases F16
 * weights when it loads them (src/backend/wasm/repack/rebiased-f16.ts).
 */
import { constant, HALF_BITS, TWO_102, TWO_38, TWO_64 } from '../math/constants'
import { f32x4ToF16x4 } from '../math/f16'
import { madd } from '../math/lanes'
import { widenRow } from './floats'
import { highUnscaled, lowUnscaled } from './halves'

/** 128 as a half: from here on the rebiased exponent would overflow. */
const LIMIT: i16 = 0x5800
/** Two halves' magnitudes, and 2^-14 twice. */
const MAGNITUDES = memory.data<u32>([0x7fff7fff])
const SMALLEST_NORMALS = memory.data<u32>([0x04000400])
/** 126 in an f32's exponent: the difference of the exponents of a multiple of 2^-24 as f32 and of its rebiased half. */
const REBIAS = memory.data<u32>([126 << 23])
/** Halves that are checked and rebiased while in the cache; one call per block, because engines optimise between calls. */
const BLOCK: i32 = 8192

/** Not a format of ggml: see ids.ts. */
@unmanaged
export class RebiasedF16 {
  @inline get elements(): i32 {
    return 1
  }
  @inline get bytes(): i32 {
    return 2
  }

  @inline load1(): f32 {
    return f32x4.extract_lane(widen(i32x4.splat(load<i16>(changetype<usize>(this)))), 0)
  }

  @inline load4(): v128 {
    return widen(v128.load16x4_s(changetype<usize>(this)))
  }

  @inline loadFinite4(): v128 {
    return this.load4()
  }

  /** Exact. */
  dequantize(out: usize, n: i32): void {
    widenRow<RebiasedF16>(changetype<usize>(this), out, n)
  }

  /** Unscaled rebiased halves are 2^-102 of their value: with activations scaled up, no product underflows. */
  @inline scale(x: v128): v128 {
    return f32x4.mul(x, constant(TWO_64))
  }

  @inline unscale(sum: v128): v128 {
    return f32x4.mul(sum, constant(TWO_38))
  }

  @inline addEight(x0: v128, x1: v128, sum: v128): v128 {
    const halves = v128.load(changetype<usize>(this))
    return madd(highUnscaled(halves), x1, madd(lowUnscaled(halves), x0, sum))
  }
}

/** Four rebiased halves, sign-extended, as f32. */
@inline
function widen(rebiased: v128): v128 {
  return f32x4.mul(v128.and(i32x4.shl(rebiased, 13), constant(HALF_BITS)), constant(TWO_102))
}

/** Rebiases `n` halves in place; returns false, and changes nothing, if one is 128 or more, infinite or NaN. */
export function rebias_f16(halves: usize, n: i32): bool {
  for (let done = 0; done < n; done += BLOCK) {
    const block = halves + (<usize>done << 1)
    const count = min(BLOCK, n - done)
    if (!areBelowLimit(block, count)) {
      restore_f16(halves, done)
      return false
    }
    rebiasBlock(block, count)
  }
  return true
}

function rebiasBlock(halves: usize, n: i32): void {
  let at = halves
  for (const end = halves + (<usize>(n & ~7) << 1); at < end; at += 16) v128.store(at, rebias(v128.load(at)))
  for (const end = halves + (<usize>n << 1); at < end; at += 2) {
    store<i16>(at, i16x8.extract_lane_s(rebias(i16x8.splat(load<i16>(at))), 0))
  }
}

/** Undoes `rebias_f16`. */
export function restore_f16(rebiased: usize, n: i32): void {
  let at = rebiased
  for (const end = rebiased + (<usize>(n & ~7) << 1); at < end; at += 16) v128.store(at, restore(v128.load(at)))
  for (const end = rebiased + (<usize>n << 1); at < end; at += 2) {
    store<i16>(at, i16x8.extract_lane_s(restore(i16x8.splat(load<i16>(at))), 0))
  }
}

/** Whether all magnitudes are below the limit; compared as integers, infinities and NaNs are above it. */
function areBelowLimit(halves: usize, n: i32): bool {
  const magnitude = i16x8.splat(0x7fff)
  let largest = i16x8.splat(0)
  let at = halves
  for (const end = halves + (<usize>(n & ~7) << 1); at < end; at += 16) {
    largest = i16x8.max_s(largest, v128.and(v128.load(at), magnitude))
  }
  for (const end = halves + (<usize>n << 1); at < end; at += 2) {
    largest = i16x8.max_s(largest, v128.and(i16x8.splat(load<i16>(at)), magnitude))
  }
  return i16x8.all_true(i16x8.lt_s(largest, i16x8.splat(LIMIT)))
}

/**
 * Magnitudes up to the smallest normal half, 2^-14, are multiples of 2^-24: converting them to f32 yields the new exponent.
 * Larger ones are shifted by the same offset, and the sign is kept.
 */
@inline
function rebias(halves: v128): v128 {
  const parts = i16x8.min_s(v128.and(halves, constant(MAGNITUDES)), constant(SMALLEST_NORMALS))
  const low = rebiasedBits(i32x4.extend_low_i16x8_s(parts))
  const high = rebiasedBits(i32x4.extend_high_i16x8_s(parts))
  return i16x8.add(i16x8.sub(halves, parts), i16x8.narrow_i32x4_u(low, high))
}

/** Exponent and fraction, as rebiased halves, of four multiples of 2^-24; negative for zero. */
@inline
function rebiasedBits(multiples: v128): v128 {
  return i32x4.shr_s(i32x4.sub(f32x4.convert_i32x4_s(multiples), constant(REBIAS)), 13)
}

@inline
function restore(rebiased: v128): v128 {
  const factor = constant(TWO_102)
  return i16x8.narrow_i32x4_u(
    f32x4ToF16x4(f32x4.mul(lowUnscaled(rebiased), factor)),
    f32x4ToF16x4(f32x4.mul(highUnscaled(rebiased), factor)),
  )
}
