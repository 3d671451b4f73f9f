import { quantizeSuperBlock } from './super-block.js'

const SEARCH = { levels: 15, from: -1, step: Math.fround(0.1), steps: 20 }

/**
 * Q4_K, 256 elements: f16 scale and f16 minimum, twelve bytes with 6-bit scales and minimums of eight groups, then nibbles;
 * 32 bytes hold two groups. Source: `quantize_row_q4_K_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ4_K(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const quants = quantizeSuperBlock(values, first, bytes, at, SEARCH)
  for (let pair = 0; pair < 4; pair++) {
    for (let i = 0; i < 32; i++) {
      bytes[at + 16 + 32 * pair + i] = quants[64 * pair + i] | (quants[64 * pair + 32 + i] << 4)
    }
  }
}
