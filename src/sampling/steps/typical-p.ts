import { keepMass } from '../keep-mass.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/**
 * Keeps the tokens whose surprise is closest to the expected one until they hold `typicalP` of the probability.
 * Source: Meister et al. 2022 (locally typical sampling).
 */
export function typicalP({ typicalP: share }: ResolvedStepParams): Step | undefined {
  if (share >= 1) return undefined
  // −ln p is a constant minus the logit, so distances between surprises equal those between logits: no logarithm needed.
  return (candidates) => keepMass(candidates, share, candidates.meanLogit())
}
