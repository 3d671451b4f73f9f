import { log, power } from '../../math/elementary.js'
import type { Candidates } from '../candidates.js'
import { entropy } from '../entropy.js'
import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/**
 * Divides the logits by the temperature. With `dynatempRange` the temperature moves within temp ± range: low where the
 * model is sure, high where its distribution is flat, by the normalised entropy to the power `dynatempExponent`.
 * Source of the latter: llama.cpp (dynatemp).
 */
export function temperature(params: ResolvedSampling): Step | undefined {
  const { temp, dynatempRange, dynatempExponent } = params
  if (dynatempRange <= 0) return temp === 1 ? undefined : (candidates) => divide(candidates, temp)
  const lowest = Math.max(0, temp - dynatempRange)
  const highest = temp + dynatempRange
  return (candidates) => {
    if (candidates.size < 2) return
    const flatness = Math.min(1, entropy(candidates) / log(candidates.size))
    const share = flatness > 0 ? power(flatness, dynatempExponent) : 0
    divide(candidates, lowest + (highest - lowest) * share)
  }
}

function divide(candidates: Candidates, temp: number): void {
  const { logits, size } = candidates
  if (temp > 0) {
    for (let i = 0; i < size; i++) logits[i] /= temp
    candidates.changed()
  } else {
    const only = candidates.likeliest()
    candidates.filter((index) => index === only)
  }
}
