import { extremeOf, inverse, writeF16 } from './block-quantizer.js'
import { writeFiveBits } from './five-bits.js'

const f32 = Math.fround

/**
 * Q5_0, 32 elements: f16 scale `extreme / -16`, then values of 5 bits, `value / scale + 16`.
 * Source: `quantize_row_q5_0_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ5_0(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const scale = f32(extremeOf(values, first, 32) / -16)
  const factor = inverse(scale)
  writeF16(bytes, at, scale)
  writeFiveBits(bytes, at + 2, (i) => Math.min(31, Math.trunc(f32(f32(values[first + i] * factor) + 16.5))))
}
