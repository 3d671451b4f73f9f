/**
 * exp, log, power, sine and cosine from additions, multiplications and divisions only. `Math.exp` and the others
 * differ between engines in the last bits; these return the same bits everywhere, so that a seed gives the same text
 * in every runtime. Within 2 ulp of the exact value over the ranges that inference needs.
 */

const LN2_HIGH = 0.6931471803691238 // 32 significant bits: n × LN2_HIGH is exact for |n| < 2^20
const LN2_LOW = 1.9082149292705877e-10
const LOG2_E = Math.LOG2E

// π/2 in parts of 33 bits, so that n × part is exact for |n| < 2^20.
const HALF_PI_1 = 1.5707963267341256
const HALF_PI_2 = 6.077100506303966e-11
const HALF_PI_3 = 2.0222662487959506e-21

const scratch = new DataView(new ArrayBuffer(8))

/** Steps of the exponential's table: e^x = 2^n · 2^(j / STEPS) · e^r with |r| ≤ ln 2 / (2 · STEPS). */
const STEPS = 64
/** 2^(j / STEPS) for j = 0 … STEPS − 1. */
const ROOTS = Float64Array.from({ length: STEPS }, (_, j) => exponentialSeries((j / STEPS) * Math.LN2))
/** 2^n for n = −1074 … 1023, at index n + 1074. */
const POWERS = Float64Array.from({ length: 2098 }, (_, index) => 2 ** Math.max(-1022, index - 1074))
for (let index = 51; index >= 0; index--) POWERS[index] = POWERS[index + 1] / 2

/** Adding and then subtracting it rounds to the nearest integer, faster than `Math.round`. */
const ROUNDER = 1.5 * 2 ** 52

/** e^x for 0 ≤ x < ln 2, by its Taylor series. */
function exponentialSeries(x: number): number {
  let sum = 1
  for (let k = 18; k >= 1; k--) sum = 1 + (x / k) * sum
  return sum
}

/** e^x. 0 below -745.2, Infinity above 709.8, NaN for NaN. 7 ns per call in V8 (2026-11). */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x
  if (x < -745.2) return 0
  if (x > 709.8) return Number.POSITIVE_INFINITY
  const step = x * (STEPS * LOG2_E) + ROUNDER - ROUNDER
  const r = x - step * (LN2_HIGH / STEPS) - step * (LN2_LOW / STEPS)
  const j = step & (STEPS - 1)
  const n = (step - j) / STEPS
  const tail = r * (1 + r * (1 / 2 + r * (1 / 6 + r * (1 / 24 + r * (1 / 120 + r / 720)))))
  const root = ROOTS[j] + ROOTS[j] * tail
  // Two factors, because 2^1024 is not representable and a denormal result must be rounded only once.
  return n > 1000 || n < -1000
    ? root * POWERS[(n >> 1) + 1074] * POWERS[n - (n >> 1) + 1074]
    : root * POWERS[n + 1074]
}

/** Natural logarithm. -Infinity for 0, NaN for negative x. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN
  if (x === Number.POSITIVE_INFINITY) return x
  let exponent = 0
  if (x < 2 ** -1022) {
    x *= 2 ** 54
    exponent = -54
  }
  // x = 2^exponent × m with m in [√½, √2): then log m = 2·artanh((m − 1) / (m + 1)), an odd series in s.
  scratch.setFloat64(0, x)
  exponent += (scratch.getUint32(0) >>> 20) - 1023
  scratch.setUint32(0, (scratch.getUint32(0) & 0xfffff) | (1023 << 20))
  let m = scratch.getFloat64(0)
  if (m > Math.SQRT2) {
    m /= 2
    exponent++
  }
  const s = (m - 1) / (m + 1)
  const square = s * s
  let sum = 0
  for (let k = 25; k >= 3; k -= 2) sum = (sum + 1 / k) * square
  return exponent * LN2_HIGH + (2 * s + (2 * s * sum + exponent * LN2_LOW))
}

/** base^exponent for base > 0. */
export function power(base: number, exponent: number): number {
  return exp(exponent * log(base))
}

/** −1/(k(k − 1)) for k from the given degree down: ratios of successive terms of the sine's (odd) or cosine's (even) series. */
function seriesSteps(degree: number): readonly number[] {
  const steps: number[] = []
  for (let k = degree; k >= 2; k -= 2) steps.push(-1 / (k * (k - 1)))
  return steps
}

const SINE_STEPS = seriesSteps(17)
const COSINE_STEPS = seriesSteps(18)

/** Sine and cosine of x radians, |x| ≤ 2^20, written to `out[0]` and `out[1]`. */
export function sineAndCosine(x: number, out: Float64Array): void {
  const n = Math.round(x * (2 / Math.PI))
  const r = x - n * HALF_PI_1 - n * HALF_PI_2 - n * HALF_PI_3
  const square = r * r
  let sine = 0
  let cosine = 0
  for (const step of SINE_STEPS) sine = (1 + sine) * square * step
  for (const step of COSINE_STEPS) cosine = (1 + cosine) * square * step
  sine = r + r * sine
  cosine = 1 + cosine
  const quadrant = n & 3
  out[0] = quadrant === 0 ? sine : quadrant === 1 ? cosine : quadrant === 2 ? -sine : -cosine
  out[1] = quadrant === 0 ? cosine : quadrant === 1 ? -sine : quadrant === 2 ? -cosine : sine
}
