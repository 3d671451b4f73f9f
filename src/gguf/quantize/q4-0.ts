import { extremeOf, inverse, writeF16 } from './block-quantizer.js'

const f32 = Math.fround

/**
 * Q4_0, 32 elements: f16 scale `extreme / -8`, then nibbles of `value / scale + 8`; byte i holds elements i and i + 16.
 * Source: `quantize_row_q4_0_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ4_0(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const scale = f32(extremeOf(values, first, 32) / -8)
  const factor = inverse(scale)
  writeF16(bytes, at, scale)
  for (let i = 0; i < 16; i++) {
    bytes[at + 2 + i] = nibble(values[first + i]) | (nibble(values[first + 16 + i]) << 4)
  }

  function nibble(value: number): number {
    return Math.min(15, Math.trunc(f32(f32(value * factor) + 8.5)))
  }
}
