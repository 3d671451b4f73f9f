import { loadFiniteF16x4, storeF16x4 } from './math/f16'
import { sums4 } from './math/lanes'

/**
 * A cache that holds each value on its own, in f16 or f32: how it is written, scored against and mixed.
 */

/** A head's cached values in half precision, finite. */
@unmanaged
export class CachedF16 {
  @inline headBytes(headDim: i32): usize {
    return (<usize>headDim) << 1
  }
  @inline get bytes(): usize {
    return 2
  }
  @inline load4(): v128 {
    return loadFiniteF16x4(changetype<usize>(this))
  }
  @inline score(q: usize, stride: usize, scores: usize, n: i32, headDim: i32, scale: f32): void {
    scoreFloats<CachedF16>(q, changetype<usize>(this), stride, scores, n, headDim, scale)
  }
  @inline mix(weights: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
    mixFloats<CachedF16>(weights, changetype<usize>(this), stride, out, n, headDim)
  }
}

/** A head's cached values in single precision. */
@unmanaged
export class CachedF32 {
  @inline headBytes(headDim: i32): usize {
    return (<usize>headDim) << 2
  }
  @inline get bytes(): usize {
    return 4
  }
  @inline load4(): v128 {
    return v128.load(changetype<usize>(this))
  }
  @inline score(q: usize, stride: usize, scores: usize, n: i32, headDim: i32, scale: f32): void {
    scoreFloats<CachedF32>(q, changetype<usize>(this), stride, scores, n, headDim, scale)
  }
  @inline mix(weights: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
    mixFloats<CachedF32>(weights, changetype<usize>(this), stride, out, n, headDim)
  }
}

/** scores[p] = scale · q·k[p] for p < n, four positions at a time; `scores` has room for a multiple of four. */
@inline
function scoreFloats<T>(q: usize, keys: usize, stride: usize, scores: usize, n: i32, headDim: i32, scale: f32): void {
  const scales = f32x4.splat(scale)
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
    const step = changetype<T>(keys).bytes << 2
    const end = q + ((<usize>headDim) << 2)
    for (let at = q; at < end; at += 16) {
      const v = v128.load(at)
      a = f32x4.add(a, f32x4.mul(v, changetype<T>(k0).load4()))
      b = f32x4.add(b, f32x4.mul(v, changetype<T>(k1).load4()))
      c = f32x4.add(c, f32x4.mul(v, changetype<T>(k2).load4()))
      d = f32x4.add(d, f32x4.mul(v, changetype<T>(k3).load4()))
      k0 += step
      k1 += step
      k2 += step
      k3 += step
    }
    v128.store(scores + ((<usize>p) << 2), f32x4.mul(sums4(a, b, c, d), scales))
  }
}

/** out[i] = Σ weights[p] · v[p][i], sixteen values in registers over all positions, then four. */
@inline
function mixFloats<T>(weights: usize, values: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
  const step = changetype<T>(values).bytes << 2
  const end = weights + ((<usize>n) << 2)
  let i = 0
  for (; i + 16 <= headDim; i += 16) {
    let a = f32x4.splat(0)
    let b = a
    let c = a
    let d = a
    let value = values
    for (let at = weights; at < end; at += 4) {
      const w = v128.load32_splat(at)
      a = f32x4.add(a, f32x4.mul(w, changetype<T>(value).load4()))
      b = f32x4.add(b, f32x4.mul(w, changetype<T>(value + step).load4()))
      c = f32x4.add(c, f32x4.mul(w, changetype<T>(value + 2 * step).load4()))
      d = f32x4.add(d, f32x4.mul(w, changetype<T>(value + 3 * step).load4()))
      value += stride
    }
    v128.store(out, a)
    v128.store(out, b, 16)
    v128.store(out, c, 32)
    v128.store(out, d, 48)
    out += 64
    values += step << 2
  }
  for (; i < headDim; i += 4) {
    let a = f32x4.splat(0)
    let value = values
    for (let at = weights; at < end; at += 4) {
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(at), changetype<T>(value).load4()))
      value += stride
    }
    v128.store(out, a)
    out += 16
    values += step
  }
}

/** f32[n] → f16[n], rounded to nearest even; `n` is a multiple of four. */
export function store_f16(x: usize, out: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) {
    storeF16x4(out, v128.load(x))
    x += 16
    out += 8
  }
}

/** f32[n] → f32[n]. */
export function store_f32(x: usize, out: usize, n: i32): void {
  memory.copy(out, x, (<usize>n) << 2)
}
