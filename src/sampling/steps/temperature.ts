import { log, power } from '../../math/elementary.js'
import type { CandidateSet } from '../candidate-set.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/**
 * Divides the logits by the temperature. With `dynatempRange` the temperature varies within temp ± range with the
 * normalized entropy to the power `dynatempExponent`: low for a peaked distribution, high for a flat one (llama.cpp's
 * dynatemp).
 */
export function temperature(params: ResolvedStepParams): Step | undefined {
  const { temp, dynatempRange, dynatempExponent } = params
  if (dynatempRange <= 0) return (candidates) => candidates.scaleTemperature(temp)
  const lowest = Math.max(0, temp - dynatempRange)
  const highest = temp + dynatempRange
  return (candidates) => {
    if (candidates.size < 2) return
    const flatness = Math.max(0, Math.min(1, entropy(candidates) / log(candidates.size)))
    const share = flatness > 0 ? power(flatness, dynatempExponent) : 0
    const chosen = lowest + (highest - lowest) * share
    if (chosen > 0) candidates.scaleTemperature(chosen)
    else candidates.keep([candidates.ids[candidates.likeliest()]])
  }
}

/** −Σ p ln p, in nats: the surprise of the mean logit, because ln p is linear in the logit. */
function entropy(candidates: CandidateSet): number {
  const mean = candidates.meanLogit()
  return -candidates.softmax.logProbability(mean)
}
