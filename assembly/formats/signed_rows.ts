/**
 * Four rows with signed quants of 8 bits times activations of 16 bits, in i32 lanes; see rows.ts. A lane sums 8 products below
 * 2^22 per row.
 */
import { sumsI32x4 } from './rows'

/** `T` has `quants(k, step)`, which returns them with their sign. */
@inline
export function signedDots32<T>(w0: usize, w1: usize, w2: usize, w3: usize, step: i32, x: usize): v128 {
  const x0 = v128.load(x)
  const x1 = v128.load(x, 16)
  const x2 = v128.load(x, 32)
  const x3 = v128.load(x, 48)
  return sumsI32x4(
    dot<T>(w0, step, x0, x1, x2, x3),
    dot<T>(w1, step, x0, x1, x2, x3),
    dot<T>(w2, step, x0, x1, x2, x3),
    dot<T>(w3, step, x0, x1, x2, x3),
  )
}

@inline
function dot<T>(w: usize, step: i32, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const low = changetype<T>(w).quants(0, step)
  const high = changetype<T>(w).quants(1, step)
  return i32x4.add(
    i32x4.add(
      i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(low), x0),
      i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(low), x1),
    ),
    i32x4.add(
      i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(high), x2),
      i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(high), x3),
    ),
  )
}
