/**
 * Quants of 4 bits of eight interleaved rows: for each four bytes of a row in the file, a vector with those of rows 0…3 and one
 * with those of rows 4…7. In the baseline build the two bytes in the middle of each four are swapped, so that the even bytes
 * of 16-bit words hold two columns that are neighbours.
 */
import { transpose } from '../matmul/transpose'

/** Bytes of the two vectors. */
export const NIBBLES: usize = 32

/** Reorders each four bytes from the file's order to this build's, or back. */
@inline
export function reordered(q: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return q
  return v128.shuffle<u8>(q, q, 0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15)
}

/** Interleaves sixteen bytes of each of eight rows, which are `stride` bytes apart from `rows` on. */
@inline
export function interleaveNibbles(rows: usize, stride: usize, to: usize): void {
  interleaveFour(rows, stride, to)
  interleaveFour(rows + 4 * stride, stride, to + 16)
}

@inline
function interleaveFour(rows: usize, stride: usize, to: usize): void {
  transpose(
    reordered(v128.load(rows)),
    reordered(v128.load(rows + stride)),
    reordered(v128.load(rows + 2 * stride)),
    reordered(v128.load(rows + 3 * stride)),
    to,
    NIBBLES,
  )
}

/** Four vectors of four rows, as bytes: low nibbles to `to` and `far` bytes further on each, high nibbles likewise behind `highFar`. */
@inline
export function packVectors(from: usize, to: usize, far: usize, highFar: usize, lows: v128): void {
  const a = v128.load(from)
  const b = v128.load(from, NIBBLES)
  const c = v128.load(from, 2 * NIBBLES)
  const d = v128.load(from, 3 * NIBBLES)
  v128.store(to, v128.and(a, lows))
  v128.store(to + far, v128.and(b, lows))
  v128.store(to + 2 * far, v128.and(c, lows))
  v128.store(to + 3 * far, v128.and(d, lows))
  v128.store(to + highFar, v128.and(i16x8.shr_u(a, 4), lows))
  v128.store(to + highFar + far, v128.and(i16x8.shr_u(b, 4), lows))
  v128.store(to + highFar + 2 * far, v128.and(i16x8.shr_u(c, 4), lows))
  v128.store(to + highFar + 3 * far, v128.and(i16x8.shr_u(d, 4), lows))
}
