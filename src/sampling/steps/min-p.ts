import { log } from '../../math/elementary.js'
import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/** Keeps tokens at least `minP` times as probable as the likeliest. Source: Nguyen et al. 2024. */
export function minP({ minP: share }: ResolvedSampling): Step | undefined {
  if (share <= 0) return undefined
  // Compared as logits: p ≥ minP · max p ⇔ logit ≥ max logit + ln minP. No probability is needed.
  const distance = log(share)
  return (candidates) => {
    const likeliest = candidates.likeliest()
    if (likeliest < 0) return
    candidates.keepFrom(candidates.logits[likeliest] + distance)
  }
}
