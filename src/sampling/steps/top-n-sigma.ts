import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/**
 * Keeps logits within `topNSigma` standard deviations of the largest one. Source: Tang et al. 2024, "Top-nσ".
 */
export function topNSigma({ topNSigma: n }: ResolvedSampling): Step | undefined {
  if (n <= 0) return undefined
  return (candidates) => {
    const { logits, size } = candidates
    let count = 0
    let sum = 0
    let largest = Number.NEGATIVE_INFINITY
    for (let i = 0; i < size; i++) {
      if (!Number.isFinite(logits[i])) continue
      count++
      sum += logits[i]
      if (logits[i] > largest) largest = logits[i]
    }
    if (count === 0) return
    const mean = sum / count
    let squares = 0
    for (let i = 0; i < size; i++) if (Number.isFinite(logits[i])) squares += (logits[i] - mean) ** 2
    candidates.keepFrom(largest - n * Math.sqrt(squares / count))
  }
}
