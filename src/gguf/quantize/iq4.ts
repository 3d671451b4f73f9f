import { clamp, extremeOf, inverse, nearestInt, SMALLEST_GROUP, writeF16 } from './block-quantizer.js'

const f32 = Math.fround

/** The 16 levels, denser around zero. Source: `kvalues_iq4nl` of ggml-common.h in llama.cpp. */
const LEVELS = /* @__PURE__ */ Int8Array.of(
  ...[-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113],
)

const GROUP = 32

/** How many inverse scales are tried in either direction. */
const TRIALS = 7

const scales = /* @__PURE__ */ new Float32Array(8)
const indices = /* @__PURE__ */ new Uint8Array(GROUP)

/**
 * IQ4_NL, 32 elements: f16 scale, then nibbles that select one of 16 levels; byte i holds elements i and i + 16.
 * Source: `quantize_row_iq4_nl_impl` of ggml-quants.c in llama.cpp.
 */
export function quantizeIQ4_NL(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  const scale = findScale(values, first)
  writeF16(bytes, at, scale)
  writeLevels(values, first, inverse(scale), bytes, at + 2)
}

/**
 * IQ4_XS, 256 elements: f16 scale, 6-bit scales of eight groups (the upper two bits of all as a u16, then the lower four),
 * then the groups as in IQ4_NL. Source: `quantize_row_iq4_nl_impl` of ggml-quants.c in llama.cpp.
 */
export function quantizeIQ4_XS(values: Float32Array, first: number, bytes: Uint8Array, at: number): void {
  let extreme = 0
  for (let group = 0; group < 8; group++) {
    scales[group] = findScale(values, first + GROUP * group)
    if (Math.abs(scales[group]) > Math.abs(extreme)) extreme = scales[group]
  }
  const scale = f32(-extreme / 32)
  writeF16(bytes, at, scale)
  bytes.fill(0, at + 2, at + 8)
  const factor = inverse(scale)
  for (let group = 0; group < 8; group++) {
    const groupScale = clamp(nearestInt(f32(factor * scales[group])), -32, 31)
    const stored = groupScale + 32
    bytes[at + 2 + (group >> 2)] |= (stored >> 4) << (2 * (group & 3))
    bytes[at + 4 + (group >> 1)] |= (stored & 15) << (4 * (group & 1))
    const perLevel = inverse(f32(scale * groupScale))
    writeLevels(values, first + GROUP * group, perLevel, bytes, at + 8 + 16 * group)
  }
}

function writeLevels(values: Float32Array, first: number, factor: number, bytes: Uint8Array, at: number) {
  for (let i = 0; i < GROUP; i++) indices[i] = nearestLevel(f32(factor * values[first + i]))
  for (let i = 0; i < 16; i++) bytes[at + i] = indices[i] | (indices[i + 16] << 4)
}

/** The scale of 32 values for which the sum of squared errors, weighted by x², is smallest among some. */
function findScale(values: Float32Array, first: number): number {
  const extreme = extremeOf(values, first, GROUP)
  if (Math.abs(extreme) < SMALLEST_GROUP) return 0
  let scale = 0
  let best = 0
  for (let trial = -TRIALS - 1; trial <= TRIALS; trial++) {
    const isFirst = trial < -TRIALS
    // The extreme itself becomes the first level.
    const factor = isFirst ? f32(1 / f32(-extreme / LEVELS[0])) : f32((trial + LEVELS[0]) / extreme)
    let sumQX = 0
    let sumQ2 = 0
    for (let i = first; i < first + GROUP; i++) {
      const x = values[i]
      const level = LEVELS[nearestLevel(f32(factor * x))]
      const weighted = f32(f32(x * x) * level)
      sumQX = f32(sumQX + f32(weighted * x))
      sumQ2 = f32(sumQ2 + f32(weighted * level))
    }
    const isBetter = sumQ2 > 0 && f32(sumQX * sumQX) > f32(best * sumQ2)
    if (!isFirst && !isBetter) continue
    scale = sumQ2 > 0 ? f32(sumQX / sumQ2) : 0
    best = f32(scale * sumQX)
  }
  return scale
}

/** Index of the nearest level; of two at the same distance, the upper one. */
function nearestLevel(x: number): number {
  if (x <= LEVELS[0]) return 0
  if (x >= LEVELS[15]) return 15
  let low = 0
  let high = 15
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (x < LEVELS[middle]) high = middle
    else low = middle
  }
  return f32(x - LEVELS[low]) < f32(LEVELS[high] - x) ? low : high
}
