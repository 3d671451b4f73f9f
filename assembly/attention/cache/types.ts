/**
 * Maps ggml's type number to the class that reads and writes a cache of that type.
 * A new type is a new class and one line in each of these switches.
 */
import { CachedF16, CachedF32 } from './floats'
import { CachedQ8_0 } from './q8_0'

/** Bytes of a head at one position. */
export function headBytes(type: i32, headDim: i32): usize {
  switch (type) {
    case 0: // F32
      return changetype<CachedF32>(0).headBytes(headDim)
    case 1: // F16
      return changetype<CachedF16>(0).headBytes(headDim)
    case 8: // Q8_0
      return changetype<CachedQ8_0>(0).headBytes(headDim)
  }
  return 0
}

/** The factor that values lack when `attendBlock` reads them directly from the cache. */
export function cachedFactor(type: i32): f32 {
  return type == 1 ? changetype<CachedF16>(0).factor : 1
}

/** Whether `attendBlock` can read the type directly from the cache. */
export function isFloats(type: i32): bool {
  return type == 0 || type == 1
}

/** Writes a head at `n` positions, `stride` bytes apart, as f32[n][headDim]. */
export function widen(type: i32, head: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
  switch (type) {
    case 0: // F32
      return widenOf<CachedF32>(head, stride, out, n, headDim)
    case 1: // F16
      return widenOf<CachedF16>(head, stride, out, n, headDim)
    case 8: // Q8_0
      return widenOf<CachedQ8_0>(head, stride, out, n, headDim)
  }
}

@inline
function widenOf<T>(head: usize, stride: usize, out: usize, n: i32, headDim: i32): void {
  const bytes = (<usize>headDim) << 2
  for (const end = out + <usize>n * bytes; out < end; out += bytes) {
    changetype<T>(head).widen(out, headDim)
    head += stride
  }
}

/** Writes f32[n] to the cache at `out`; `n` is a multiple of four (of 32 for Q8_0). */
export function store(type: i32, x: usize, out: usize, n: i32): void {
  switch (type) {
    case 0: // F32
      return changetype<CachedF32>(out).store(x, n)
    case 1: // F16
      return changetype<CachedF16>(out).store(x, n)
    case 8: // Q8_0
      return changetype<CachedQ8_0>(out).store(x, n)
  }
}
