import { log, power } from '../../math/elementary.js'
import type { CandidateSet } from '../candidate-set.js'
import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/**
 * Divides the logits by the temperature. With `dynatempRange` the temperature moves within temp ± range: low where the
 * model is sure, high where its distribution is flat, by the normalised entropy to the power `dynatempExponent`.
 * Source of the latter: llama.cpp (dynatemp).
 */
export function temperature(params: ResolvedStepParams): Step | undefined {
  const { temp, dynatempRange, dynatempExponent } = params
  if (dynatempRange <= 0) return (candidates) => candidates.heat(temp)
  const lowest = Math.max(0, temp - dynatempRange)
  const highest = temp + dynatempRange
  return (candidates) => {
    if (candidates.size < 2) return
    const flatness = Math.max(0, Math.min(1, entropy(candidates) / log(candidates.size)))
    const share = flatness > 0 ? power(flatness, dynatempExponent) : 0
    const degrees = lowest + (highest - lowest) * share
    if (degrees > 0) candidates.heat(degrees)
    else candidates.keep([candidates.ids[candidates.likeliest()]])
  }
}

/** −Σ p ln p, in nats: the surprise of the mean logit, for ln p is a logit divided and shifted. */
function entropy(candidates: CandidateSet): number {
  const mean = candidates.meanLogit()
  return -candidates.softmax.logProbability(mean)
}
