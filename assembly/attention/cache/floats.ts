import { constant, HALF_BITS, HALF_REBIAS } from '../../math/constants'
import { F16_FACTOR, loadUnscaledF16x4, storeF16x4 } from '../../math/f16'

/**
 * Caches of plain f16 or f32 values. Instances are never created: a pointer to a head at one position is cast.
 */

/** Finite values in half precision. */
@unmanaged
export class CachedF16 {
  @inline headBytes(headDim: i32): usize {
    return (<usize>headDim) << 1
  }
  /** The factor that values of `load4` and `next4` lack. */
  @inline get factor(): f32 {
    return F16_FACTOR
  }
  /** Bytes of four values. */
  @inline get bytes4(): usize {
    return 8
  }
  /** Four values; `mask` is HALF_BITS. */
  @inline load4(mask: v128): v128 {
    return loadUnscaledF16x4(changetype<usize>(this), mask)
  }
  /** The four after these. */
  @inline next4(mask: v128): v128 {
    return v128.and(i32x4.shl(v128.load16x4_s(changetype<usize>(this), 8), 13), mask)
  }
  /**
   * Writes a head to `out` as f32[headDim], with the factor: without it small halves would be subnormal f32 for all rows
   * that use them, and each product with a subnormal number costs a hundred cycles or more on some processors.
   */
  @inline widen(out: usize, headDim: i32): void {
    const mask = constant(HALF_BITS)
    const factors = constant(HALF_REBIAS)
    let at = changetype<usize>(this)
    for (const end = at + this.headBytes(headDim & ~7); at < end; at += 16) {
      const low = f32x4.mul(changetype<CachedF16>(at).load4(mask), factors)
      const high = f32x4.mul(changetype<CachedF16>(at).next4(mask), factors)
      v128.store(out, high, 16)
      v128.store(out, low)
      out += 32
    }
    if (headDim & 4) v128.store(out, f32x4.mul(changetype<CachedF16>(at).load4(mask), factors))
  }
  /** Writes f32[n] here, rounded to nearest even; `n` is a multiple of four. */
  @inline store(x: usize, n: i32): void {
    let at = changetype<usize>(this)
    for (const end = at + this.headBytes(n); at < end; at += 8) {
      storeF16x4(at, v128.load(x))
      x += 16
    }
  }
}

/** Values in single precision. */
@unmanaged
export class CachedF32 {
  @inline headBytes(headDim: i32): usize {
    return (<usize>headDim) << 2
  }
  @inline get factor(): f32 {
    return 1
  }
  @inline get bytes4(): usize {
    return 16
  }
  @inline load4(_: v128): v128 {
    return v128.load(changetype<usize>(this))
  }
  @inline next4(_: v128): v128 {
    return v128.load(changetype<usize>(this), 16)
  }
  @inline widen(out: usize, headDim: i32): void {
    memory.copy(out, changetype<usize>(this), this.headBytes(headDim))
  }
  /** Writes f32[n] here. */
  @inline store(x: usize, n: i32): void {
    memory.copy(changetype<usize>(this), x, this.headBytes(n))
  }
}
