import { inverse, writeF16 } from './block-quantizer.js'

const f32 = Math.fround

/**
 * Q8_0, 32 elements: f16 scale `max(abs) / 127`, then i8 values, rounded half away from zero.
 * Source: `quantize_row_q8_0_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ8_0(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  let largest = 0
  for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[first + i]))
  const scale = f32(largest / 127)
  const factor = inverse(scale)
  writeF16(bytes, at, scale)
  for (let i = 0; i < 32; i++) {
    const scaled = f32(values[first + i] * factor)
    bytes[at + 2 + i] = Math.sign(scaled) * Math.floor(Math.abs(scaled) + 0.5)
  }
}
