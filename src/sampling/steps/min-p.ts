import { log } from '../../math/elementary.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/** Keeps tokens at least `minP` times as probable as the most likely one. Source: Nguyen et al. 2024. */
export function minP({ minP: share }: ResolvedStepParams): Step | undefined {
  if (share <= 0) return undefined
  // p ≥ minP · max p ⇔ logit ≥ max logit + temperature · ln minP: no probability is needed.
  const distance = log(share)
  return (candidates) => candidates.keepFrom(candidates.largest + candidates.temperature * distance)
}
