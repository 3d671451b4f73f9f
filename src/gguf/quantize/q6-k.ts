import { f16ToF32 } from '../half.js'
import { clamp, extremeOf, nearestInt, SMALLEST_GROUP, writeF16 } from './block-quantizer.js'

const f32 = Math.fround

const GROUP = 16
/** Quants are from -32 to 31. */
const LOWEST = 32

/** How much the inverse scales that are tried differ, in levels. */
const STEP = /* @__PURE__ */ f32(0.1)

const quants = /* @__PURE__ */ new Uint8Array(256)
const scales = /* @__PURE__ */ new Float32Array(16)

/**
 * Q6_K, 256 elements: the lower four bits, the upper two, i8 scales of sixteen groups, and an f16 scale of the block.
 * Source: `quantize_row_q6_K_ref` of ggml-quants.c in llama.cpp.
 */
export function quantizeQ6_K(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  let extreme = 0
  for (let group = 0; group < 16; group++) {
    scales[group] = findScale(values, first + GROUP * group, quants, GROUP * group)
    if (Math.abs(scales[group]) > Math.abs(extreme)) extreme = scales[group]
  }
  if (Math.abs(extreme) < SMALLEST_GROUP) {
    bytes.fill(0, at, at + 210)
    return
  }
  const factor = f32(-128 / extreme)
  const scale = f16ToF32(writeF16(bytes, at + 208, f32(1 / factor)))
  for (let group = 0; group < 16; group++) {
    const groupScale = Math.min(127, nearestInt(f32(factor * scales[group])))
    bytes[at + 192 + group] = groupScale
    const d = f32(scale * groupScale)
    // The quants of the search stay.
    if (d === 0) continue
    for (let i = GROUP * group; i < GROUP * (group + 1); i++) {
      quants[i] = LOWEST + clamp(nearestInt(f32(values[first + i] / d)), -LOWEST, LOWEST - 1)
    }
  }
  for (let half = 0; half < 2; half++) pack(bytes, at + 64 * half, at + 128 + 32 * half, 128 * half)
}

/** 128 quants: the lower bits of four groups of 32 in 64 bytes, the upper ones in 32. */
function pack(bytes: Uint8Array, low: number, high: number, from: number): void {
  for (let i = 0; i < 32; i++) {
    const [a, b] = [quants[from + i], quants[from + 32 + i]]
    const [c, d] = [quants[from + 64 + i], quants[from + 96 + i]]
    bytes[low + i] = (a & 15) | ((c & 15) << 4)
    bytes[low + 32 + i] = (b & 15) | ((d & 15) << 4)
    bytes[high + i] = (a >> 4) | ((b >> 4) << 2) | ((c >> 4) << 4) | ((d >> 4) << 6)
  }
}

/**
 * The scale of a group of 16 values, x ≈ scale × quant, for which the sum of squared errors, weighted by x², is smallest:
 * quants are rounded for each of some inverse scales, and the weighted least squares for them is compared. Writes the quants,
 * counted from the lowest. Source: `make_qx_quants` of ggml-quants.c in llama.cpp.
 */
function findScale(values: Float32Array, first: number, quants: Uint8Array, to: number): number {
  const extreme = extremeOf(values, first, GROUP)
  if (Math.abs(extreme) < SMALLEST_GROUP) {
    quants.fill(0, to, to + GROUP)
    return 0
  }
  let scale = 0
  let best = 0
  // The extreme itself becomes the lowest quant first.
  for (let trial = 0; trial < 19; trial++) {
    const offset = trial === 0 ? 0 : trial < 10 ? trial - 10 : trial - 9
    const factor = f32(-f32(LOWEST + f32(STEP * offset)) / extreme)
    let sumLX = 0
    let sumL2 = 0
    for (let i = first; i < first + GROUP; i++) {
      const x = values[i]
      const quant = clamp(nearestInt(f32(factor * x)), -LOWEST, LOWEST - 1)
      const weight = f32(x * x)
      sumLX = f32(sumLX + f32(f32(weight * x) * quant))
      sumL2 = f32(sumL2 + f32(f32(weight * quant) * quant))
    }
    const isBetter = sumL2 > 0 && f32(sumLX * sumLX) > f32(best * sumL2)
    if (trial > 0 && !isBetter) continue
    for (let i = 0; i < GROUP; i++) {
      quants[to + i] = LOWEST + clamp(nearestInt(f32(factor * values[first + i])), -LOWEST, LOWEST - 1)
    }
    scale = sumL2 === 0 ? 0 : f32(sumLX / sumL2)
    best = f32(scale * sumLX)
  }
  return scale
}
