import { F16_FACTOR, F16_MASK, loadUnscaledF16x4, storeF16x4 } from './math/f16'

/**
 * A cache that holds each value on its own, in f16 or f32. Instances are never created: a pointer to a head at one
 * position is cast.
 */

/** Values in half precision, finite. */
@unmanaged
export class CachedF16 {
  @inline headBytes(headDim: i32): usize {
    return (<usize>headDim) << 1
  }
  /** What the values that `load4` and `widen` give are to be multiplied with. */
  @inline get factor(): f32 {
    return F16_FACTOR
  }
  /** Bytes of four values. */
  @inline get bytes4(): usize {
    return 8
  }
  /** Four values; `mask` is what lies at F16_MASK. */
  @inline load4(mask: v128): v128 {
    return loadUnscaledF16x4(changetype<usize>(this), mask)
  }
  /** Writes a head to `out` as f32[headDim]. */
  @inline widen(out: usize, headDim: i32): void {
    const mask = v128.load(F16_MASK)
    let at = changetype<usize>(this)
    for (const end = at + this.headBytes(headDim); at < end; at += 8) {
      v128.store(out, loadUnscaledF16x4(at, mask))
      out += 16
    }
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
  @inline widen(out: usize, headDim: i32): void {
    memory.copy(out, changetype<usize>(this), this.headBytes(headDim))
  }
  /** Writes f32[n] here. */
  @inline store(x: usize, n: i32): void {
    memory.copy(changetype<usize>(this), x, this.headBytes(n))
  }
}
