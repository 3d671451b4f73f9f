import { quantizeSuperBlock } from './super-block.js'

const SEARCH = { levels: 31, from: -0.5, step: Math.fround(0.1), steps: 15 }

/**
 * Q5_K, 256 elements: as Q4_K, with 32 bytes of fifth bits before the nibbles: bit g of byte i belongs to element i of group
 * g. Source: `quantize_row_q5_K_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ5_K(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const quants = quantizeSuperBlock(values, first, bytes, at, SEARCH)
  const high = at + 16
  bytes.fill(0, high, high + 32)
  for (let pair = 0; pair < 4; pair++) {
    for (let i = 0; i < 32; i++) {
      const [low, upper] = [quants[64 * pair + i], quants[64 * pair + 32 + i]]
      bytes[high + i] |= ((low >> 4) << (2 * pair)) | ((upper >> 4) << (2 * pair + 1))
      bytes[high + 32 + 32 * pair + i] = (low & 15) | ((upper & 15) << 4)
    }
  }
}
