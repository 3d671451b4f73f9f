import type { ResolvedSampling } from '../params.js'
import { squares, sum } from '../passes.js'
import type { Step } from '../step.js'

/** Keeps logits within `topNSigma` standard deviations of the largest one. Source: Tang et al. 2024, "Top-nσ". */
export function topNSigma({ topNSigma: n }: ResolvedSampling): Step | undefined {
  if (n <= 0) return undefined
  return (candidates) => {
    const { logits, size, largest } = candidates
    const mean = sum(logits, size) / size
    candidates.keepFrom(largest - n * Math.sqrt(squares(logits, size, mean) / size))
  }
}
