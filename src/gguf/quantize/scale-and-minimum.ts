import { clamp, nearestInt } from './block-quantizer.js'

const f32 = Math.fround

/** How many levels there are, and which inverse scales are tried: `(from + step × i + levels) / range`, i from 0 to `steps`. */
export interface Search {
  /** The largest quant. */
  readonly levels: number
  readonly from: number
  readonly step: number
  readonly steps: number
}

/** Elements of a group. */
export const GROUP = 32

/** Scratch of one group, reused. */
const weights = /* @__PURE__ */ new Float32Array(GROUP)
const tried = /* @__PURE__ */ new Uint8Array(GROUP)

/**
 * Finds scale and minimum of a group of 32 values, x ≈ scale × quant - minimum, such that the sum of squared errors,
 * weighted by the group's root mean square plus |x|, is small: for each of some inverse scales the quants are rounded, and
 * scale and minimum are the weighted least squares for these quants. The best are kept. Writes the quants to
 * `quants[to ...]`; `found` gets the scale and the minimum, which is never negative.
 * Source: `make_qkx2_quants` of ggml-quants.c in llama.cpp.
 */
export function findScaleAndMinimum(
  values: Float32Array,
  first: number,
  quants: Uint8Array,
  to: number,
  { levels, from, step, steps }: Search,
  found: { scale: number; minimum: number },
): void {
  weigh(values, first)
  let min = values[first]
  let max = min
  let sumW = weights[0]
  let sumX = f32(sumW * min)
  for (let i = 1; i < GROUP; i++) {
    const x = values[first + i]
    if (x < min) min = x
    if (x > max) max = x
    sumW = f32(sumW + weights[i])
    sumX = f32(sumX + f32(weights[i] * x))
  }
  if (min > 0) min = 0
  if (max === min) {
    quants.fill(0, to, to + GROUP)
    found.scale = 0
    found.minimum = -min
    return
  }
  let factor = f32(levels / f32(max - min))
  let scale = f32(1 / factor)
  let low = min
  let best = 0
  for (let i = 0; i < GROUP; i++) {
    const x = values[first + i]
    const quant = clamp(nearestInt(f32(factor * f32(x - min))), 0, levels)
    quants[to + i] = quant
    const error = f32(f32(f32(scale * quant) + min) - x)
    best = f32(best + f32(weights[i] * f32(error * error)))
  }
  for (let trial = 0; trial <= steps; trial++) {
    // As in llama.cpp, the range and the steps are counted from the best minimum so far.
    factor = f32(f32(f32(from + f32(step * trial)) + levels) / f32(max - low))
    let sumL = 0
    let sumL2 = 0
    let sumXL = 0
    for (let i = 0; i < GROUP; i++) {
      const x = values[first + i]
      const quant = clamp(nearestInt(f32(factor * f32(x - low))), 0, levels)
      tried[i] = quant
      const weighted = f32(weights[i] * quant)
      sumL = f32(sumL + weighted)
      sumL2 = f32(sumL2 + f32(weighted * quant))
      sumXL = f32(sumXL + f32(weighted * x))
    }
    const determinant = f32(f32(sumW * sumL2) - f32(sumL * sumL))
    if (!(determinant > 0)) continue
    let thisScale = f32(f32(f32(sumW * sumXL) - f32(sumX * sumL)) / determinant)
    let thisLow = f32(f32(f32(sumL2 * sumX) - f32(sumL * sumXL)) / determinant)
    if (thisLow > 0) {
      thisLow = 0
      thisScale = f32(sumXL / sumL2)
    }
    let error = 0
    for (let i = 0; i < GROUP; i++) {
      const difference = f32(f32(f32(thisScale * tried[i]) + thisLow) - values[first + i])
      error = f32(error + f32(weights[i] * f32(difference * difference)))
    }
    if (error < best) {
      quants.set(tried, to)
      best = error
      scale = thisScale
      low = thisLow
    }
  }
  found.scale = scale
  found.minimum = -low
}

/** A value's weight: the group's root mean square plus its magnitude. */
function weigh(values: Float32Array, first: number): void {
  let squares = 0
  for (let i = first; i < first + GROUP; i++) squares = f32(squares + f32(values[i] * values[i]))
  const rms = f32(Math.sqrt(f32(squares / GROUP)))
  for (let i = 0; i < GROUP; i++) weights[i] = rms + Math.abs(values[first + i])
}
