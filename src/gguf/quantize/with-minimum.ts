import { inverse, writeF16 } from './block-quantizer.js'
import { writeFiveBits } from './five-bits.js'

const f32 = Math.fround

/**
 * Q4_1, 32 elements: f16 scale `(max - min) / 15`, f16 minimum, then nibbles of `(value - min) / scale`.
 * Source: `quantize_row_q4_1_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ4_1(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const quant = quantsAboveMinimum(values, first, bytes, at, 15)
  for (let i = 0; i < 16; i++) bytes[at + 4 + i] = quant(i) | (quant(i + 16) << 4)
}

/** Q5_1: as Q4_1, with 5 bits. Source: `quantize_row_q5_1_ref` of ggml-quants.c in llama.cpp. */
export function quantizeQ5_1(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  writeFiveBits(bytes, at + 4, quantsAboveMinimum(values, first, bytes, at, 31))
}

/** Writes scale and minimum; returns the quant of the value at an index, from 0 to `high`. */
function quantsAboveMinimum(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  high: number,
): (index: number) => number {
  let min = values[first]
  let max = min
  for (let i = 1; i < 32; i++) {
    min = Math.min(min, values[first + i])
    max = Math.max(max, values[first + i])
  }
  const scale = f32(f32(max - min) / high)
  const factor = inverse(scale)
  writeF16(bytes, at, scale)
  writeF16(bytes, at + 2, min)
  return (index) => Math.min(high, Math.trunc(f32(f32(f32(values[first + index] - min) * factor) + 0.5)))
}
