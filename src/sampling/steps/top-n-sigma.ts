import type { ResolvedStepParams } from '../knobs.js'
import { deviation } from '../passes.js'
import type { Step } from '../step.js'

/** Keeps logits within `topNSigma` standard deviations of the largest one. Source: Tang et al. 2024, "Top-nσ". */
export function topNSigma({ topNSigma: n }: ResolvedStepParams): Step | undefined {
  if (n <= 0) return undefined
  return (candidates) => {
    const { logits, size, largest } = candidates
    candidates.keepFrom(largest - n * deviation(logits, size, largest))
  }
}
