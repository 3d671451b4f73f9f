import { f16ToF32 } from '../half.js'
import { clamp, nearestInt, writeF16 } from './block-quantizer.js'
import { findScaleAndMinimum, GROUP, type Search } from './scale-and-minimum.js'

const f32 = Math.fround

/** The largest scale and minimum of a group, in 6 bits. */
const HIGHEST = 63

const quants = /* @__PURE__ */ new Uint8Array(256)
const scales = /* @__PURE__ */ new Float32Array(8)
const minimums = /* @__PURE__ */ new Float32Array(8)
const found = { scale: 0, minimum: 0 }

/**
 * The head of a Q4_K or Q5_K block, 16 bytes: scale and minimum of the block as f16, then those of its eight groups in 6
 * bits. Returns the 256 quants for these rounded scales, in memory that the next call overwrites.
 * Source: `quantize_row_q4_K_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeSuperBlock(
  values: Float32Array,
  first: number,
  bytes: Uint8Array,
  at: number,
  search: Search,
): Uint8Array {
  let largestScale = 0
  let largestMinimum = 0
  for (let group = 0; group < 8; group++) {
    findScaleAndMinimum(values, first + GROUP * group, quants, GROUP * group, search, found)
    scales[group] = found.scale
    minimums[group] = found.minimum
    largestScale = Math.max(largestScale, found.scale)
    largestMinimum = Math.max(largestMinimum, found.minimum)
  }
  const scale = f16ToF32(writeF16(bytes, at, f32(largestScale / HIGHEST)))
  const minimum = f16ToF32(writeF16(bytes, at + 2, f32(largestMinimum / HIGHEST)))
  const perScale = largestScale > 0 ? f32(HIGHEST / largestScale) : 0
  const perMinimum = largestMinimum > 0 ? f32(HIGHEST / largestMinimum) : 0
  for (let group = 0; group < 8; group++) {
    const groupScale = sixBits(f32(perScale * scales[group]))
    const groupMinimum = sixBits(f32(perMinimum * minimums[group]))
    writeGroup(bytes, at + 4, group, groupScale, groupMinimum)
    const d = f32(scale * groupScale)
    // The quants of the search stay.
    if (d === 0) continue
    const m = f32(minimum * groupMinimum)
    for (let i = GROUP * group; i < GROUP * (group + 1); i++) {
      quants[i] = clamp(nearestInt(f32(f32(values[first + i] + m) / d)), 0, search.levels)
    }
  }
  return quants
}

function sixBits(value: number): number {
  return Math.min(HIGHEST, nearestInt(value) & 255)
}

/** Eight scales and eight minimums of 6 bits in twelve bytes: the upper two bits of the last four are in the first eight bytes. */
function writeGroup(bytes: Uint8Array, at: number, group: number, scale: number, minimum: number): void {
  if (group < 4) {
    bytes[at + group] = scale
    bytes[at + group + 4] = minimum
  } else {
    bytes[at + group + 4] = (scale & 15) | ((minimum & 15) << 4)
    bytes[at + group - 4] |= (scale >> 4) << 6
    bytes[at + group] |= (minimum >> 4) << 6
  }
}
