import { log } from '../../math/elementary.js'
import { entropy } from '../entropy.js'
import { keepMass } from '../keep-mass.js'
import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/**
 * Keeps the tokens whose surprise is closest to the expected one until they hold `typicalP` of the probability.
 * Source: Meister et al. 2022 (locally typical sampling).
 */
export function typicalP({ typicalP: share }: ResolvedSampling): Step | undefined {
  if (share >= 1) return undefined
  return (candidates) => {
    const likeliest = candidates.likeliest()
    if (likeliest < 0) return
    // A token's surprise −ln p is ln mass + largest − logit: its distance from the expected one is that of its logit
    // from the logit that a token of expected surprise would have.
    const { mass } = candidates.weigh()
    const expected = candidates.logits[likeliest] + log(mass) - entropy(candidates)
    keepMass(candidates, share, expected)
  }
}
