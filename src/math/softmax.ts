/** Entries of the table: e^−x = 2^(whole) · 2^(j / STEPS) · e^r with |r| ≤ ln 2 / (2 · STEPS). */
const STEPS = 2048
const ROOTS = Float64Array.from({ length: STEPS }, (_, j) => root(j / STEPS))
/** 2^−n for n = 0 … 1074; what is smaller counts as 0. */
const POWERS = Float64Array.from({ length: 1076 }, (_, n) => (n > 1074 ? 0 : 2 ** -Math.min(n, 1022)))
for (let n = 1023; n <= 1074; n++) POWERS[n] = POWERS[n - 1] / 2

const ROUNDER = 1.5 * 2 ** 52
const SCALE = STEPS / Math.LN2
const UNSCALE = Math.LN2 / STEPS

/** 2^x for 0 ≤ x < 1 by its Taylor series. */
function root(x: number): number {
  let sum = 1
  for (let k = 20; k >= 1; k--) sum = 1 + ((x * Math.LN2) / k) * sum
  return sum
}

/**
 * out[i] = e^(logits[i] − max) for i < n, and their sum: the softmax before its division. The same bits on every
 * engine, relative error below 2e-12; the exponential is inlined and shorter than `exp`, because this runs over whole
 * vocabularies (0.5 ms for 151,936 in V8, 2026-11). No logit may be NaN or +Infinity; with
 * nothing but −Infinity the sum is 0.
 */
export function softmaxWeights(logits: Float32Array, n: number, out: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY
  for (let i = 0; i < n; i++) if (logits[i] > largest) largest = logits[i]
  let sum = 0
  if (largest === Number.NEGATIVE_INFINITY) {
    out.fill(0, 0, n)
    return 0
  }
  for (let i = 0; i < n; i++) {
    // Below 2^−1075 there is nothing; the clamp also takes −Infinity.
    const scaled = Math.max((logits[i] - largest) * SCALE, -1075 * STEPS)
    const step = scaled + ROUNDER - ROUNDER
    const r = (scaled - step) * UNSCALE
    const index = step | 0
    const weight = POWERS[-(index >> 11)] * ROOTS[index & (STEPS - 1)] * (1 + r + 0.5 * r * r)
    out[i] = weight
    sum += weight
  }
  return sum
}
