import { keepMass } from '../keep-mass.js'
import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/** Keeps the likeliest tokens until they hold `topP` of the probability. Source: Holtzman et al. 2019 (nucleus). */
export function topP({ topP: share }: ResolvedSampling): Step | undefined {
  if (share >= 1) return undefined
  return (candidates) => keepMass(candidates, share, candidates.largest)
}
