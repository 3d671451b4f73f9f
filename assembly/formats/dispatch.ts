/**
 * The one place that knows every block format: from ggml's type number to the class that reads it.
 * A new format is its own file and one line in each of these switches.
 */
import { matmulOf } from '../matmul'
import { matvecOf } from '../matvec'
import { F16 } from './f16'
import { F32 } from './f32'
import { Q8_0 } from './q8_0'

/** What a format's `dot` multiplies with: 0 = not supported, 1 = f32, 2 = quantised activations. */
export function activation_kind(format: i32): i32 {
  switch (format) {
    case 0: // F32
    case 1: // F16
      return 1
    case 8: // Q8_0
      return 2
  }
  return 0
}

/** Writes the first `n` elements of the row at `row` to `out` as f32. */
export function dequantize(format: i32, row: usize, out: usize, n: i32): void {
  switch (format) {
    case 0:
      return changetype<F32>(row).dequantize(out, n)
    case 1:
      return changetype<F16>(row).dequantize(out, n)
    case 8:
      return changetype<Q8_0>(row).dequantize(out, n)
  }
}

/** out[r] = weights[r] · x for each row; see `matvecOf`. */
export function matvec(format: i32, weights: usize, x: usize, out: usize, rows: i32, columns: i32): void {
  switch (format) {
    case 0:
      return matvecOf<F32>(weights, x, out, rows, columns)
    case 1:
      return matvecOf<F16>(weights, x, out, rows, columns)
    case 8:
      return matvecOf<Q8_0>(weights, x, out, rows, columns)
  }
}

/** out[t][r] = weights[r] · x[t] for each row and token; see `matmulOf`. */
export function matmul(
  format: i32,
  weights: usize,
  x: usize,
  out: usize,
  rows: i32,
  columns: i32,
  tokens: i32,
  outStride: i32,
  scratch: usize,
): void {
  switch (format) {
    case 0:
      return matmulOf<F32>(weights, x, out, rows, columns, tokens, outStride, scratch)
    case 1:
      return matmulOf<F16>(weights, x, out, rows, columns, tokens, outStride, scratch)
    case 8:
      return matmulOf<Q8_0>(weights, x, out, rows, columns, tokens, outStride, scratch)
  }
}
