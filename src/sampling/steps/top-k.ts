import type { ResolvedStepParams } from '../knobs.js'
import { kthLargest } from '../passes.js'
import type { Step } from '../step.js'

/** Keeps the `topK` largest logits, the lower ids on ties. Source: Fan et al. 2018. */
export function topK({ topK: k }: ResolvedStepParams): Step | undefined {
  if (k <= 0) return undefined
  return (candidates) => {
    if (k >= candidates.size) return
    const weakest = kthLargest(candidates.logits, candidates.size, candidates.logits.slice(0, k), k)
    candidates.keepFrom(weakest)
    if (candidates.size === k) return
    // More than k remain only if several equal the weakest: drop the last of those.
    const { ids, logits, size } = candidates
    const surplus: number[] = []
    for (let i = size - 1; surplus.length < size - k; i--) if (logits[i] === weakest) surplus.push(ids[i])
    candidates.remove(surplus.reverse())
  }
}
