type Vector = Float32Array | Float64Array

/** Log-softmax of logits. */
export function logProbabilities(logits: Vector): Float64Array {
  let largest = Number.NEGATIVE_INFINITY
  for (const logit of logits) largest = Math.max(largest, logit)
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - largest)
  const normaliser = largest + Math.log(sum)
  return Float64Array.from(logits, (logit) => logit - normaliser)
}

/** The indices of the `count` largest, the largest first. */
export function topIndices(values: Vector, count: number): number[] {
  return Array.from(values.keys())
    .sort((a, b) => values[b] - values[a])
    .slice(0, count)
}

/** The largest difference, in units of the expected values' standard deviation. */
export function relativeDifference(actual: Vector, expected: Vector): number {
  let sum = 0
  for (const value of expected) sum += value
  const mean = sum / expected.length
  let squares = 0
  let largest = 0
  for (let i = 0; i < expected.length; i++) {
    squares += (expected[i] - mean) ** 2
    const difference = Math.abs(actual[i] - expected[i])
    // NaN must not be hidden.
    if (!(difference <= largest)) largest = difference
  }
  return largest / Math.sqrt(squares / expected.length)
}

/**
 * Maximum distance of the relaxed kernels' logits from the baseline's, in standard deviations of the logits: twice
 * the largest measured over the models of `random-models.ts`. docs/runtimes.md mentions it.
 */
const RELAXED_TOLERANCE = {
  /** Formats of plain numbers: products and sums that are rounded once instead of twice. */
  float: 1e-5,
  /** Formats whose activations are rounded to 8 bits instead of 16. */
  quantised: 0.1,
}

/** The bound for a model whose matrices have this block format. */
export function relaxedTolerance(format: string): number {
  return RELAXED_TOLERANCE[/^B?F/.test(format) ? 'float' : 'quantised']
}
