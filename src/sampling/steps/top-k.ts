import type { ResolvedStepParams } from '../knobs.js'
import { kthLargest } from '../passes.js'
import type { Step } from '../step.js'

/** Keeps the `topK` largest logits; of equal ones the lower ids. Source: Fan et al. 2018. */
export function topK({ topK: k }: ResolvedStepParams): Step | undefined {
  if (k <= 0) return undefined
  return (candidates) => {
    if (k >= candidates.size) return
    const weakest = kthLargest(candidates.logits, candidates.size, candidates.logits.slice(0, k), k)
    candidates.keepFrom(weakest)
    if (candidates.size === k) return
    // More than k only if several are as weak as the weakest: the last of those go.
    const { ids, logits, size } = candidates
    const surplus: number[] = []
    for (let i = size - 1; surplus.length < size - k; i--) if (logits[i] === weakest) surplus.push(ids[i])
    candidates.remove(surplus.reverse())
  }
}
