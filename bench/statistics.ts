/** Statistics of a series of samples: the median, and the spread around it. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** Throws a `RangeError` for no samples at all. */
export function summarise(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new RangeError('no samples to summarise')
  const sorted = [...samples].sort((a, b) => a - b)
  const half = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** The sample below which `share` of the others lie (0 ≤ share < 1). Throws a `RangeError` for no samples at all. */
export function quantile(samples: readonly number[], share: number): number {
  if (samples.length === 0) throw new RangeError('no samples to summarise')
  return [...samples].sort((a, b) => a - b)[Math.floor(share * samples.length)]
}
