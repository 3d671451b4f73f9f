/** Loops over the blocks of a row, for formats with 32 elements in a block. */
import { sumF32x4 } from '../math/lanes'

/** `T` has `dequantizeBlock(out)`. */
@inline
export function dequantizeBlocks<T>(row: usize, out: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = out + ((<usize>n) << 2); out < end; row += bytes, out += 128) {
    changetype<T>(row).dequantizeBlock(out)
  }
}

/** `T` has `unpackBlock(quants, scales, minimums)`. */
@inline
export function unpackBlocks<T>(row: usize, quants: usize, scales: usize, minimums: usize, n: i32): void {
  const bytes = changetype<T>(row).bytes
  for (const end = quants + <usize>n; quants < end; row += bytes, quants += 32, scales += 4, minimums += 4) {
    changetype<T>(row).unpackBlock(quants, scales, minimums)
  }
}

/**
 * `T` has `blockDot(x, scales, sums)`: a block's dot product spread over four lanes, from pointers to the three parts
 * of its activations. Two blocks a step with a sum each: more make V8 spill registers.
 */
@inline
export function dotBlocks<T>(row: usize, x: usize, n: i32): f32 {
  const bytes = changetype<T>(row).bytes
  let scales = x + ((<usize>n) << 1)
  let sums = scales + ((<usize>n) >> 3)
  let sum0 = f32x4.splat(0)
  let sum1 = f32x4.splat(0)
  for (const end = x + ((<usize>(n & ~63)) << 1); x < end; x += 128, scales += 8, sums += 16) {
    sum0 = f32x4.add(sum0, changetype<T>(row).blockDot(x, scales, sums))
    sum1 = f32x4.add(sum1, changetype<T>(row + bytes).blockDot(x + 64, scales + 4, sums + 8))
    row += bytes * 2
  }
  if (n & 32) sum0 = f32x4.add(sum0, changetype<T>(row).blockDot(x, scales, sums))
  return sumF32x4(f32x4.add(sum0, sum1))
}
