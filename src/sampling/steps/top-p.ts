import { keepMass } from '../keep-mass.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/** Keeps the most likely tokens until they hold `topP` of the probability. Source: Holtzman et al. 2019 (nucleus). */
export function topP({ topP: share }: ResolvedStepParams): Step | undefined {
  if (share >= 1) return undefined
  return (candidates) => keepMass(candidates, share, candidates.largest)
}
