import type { ResolvedStepParams } from '../knobs.js'
import type { Step } from '../step.js'

/**
 * Repetition, presence and frequency penalties. Each distinct token among the last `penaltyLastN` generated ones is
 * penalized once: first a positive logit is divided by `penalty` and a negative one multiplied, then
 * `presencePenalty + frequencyPenalty × count` is subtracted.
 * Sources: Keskar et al. 2019 (CTRL); the OpenAI API reference for the other two.
 */
export function penalties(params: ResolvedStepParams): Step | undefined {
  const { penalty, presencePenalty, frequencyPenalty, penaltyLastN } = params
  const repels = penalty > 0 && penalty !== 1
  if (penaltyLastN === 0 || !(repels || presencePenalty !== 0 || frequencyPenalty !== 0)) return undefined
  return (candidates, { previousTokens }) => {
    const counts = new Map<number, number>()
    for (let i = Math.max(0, previousTokens.length - penaltyLastN); i < previousTokens.length; i++) {
      counts.set(previousTokens[i], (counts.get(previousTokens[i]) ?? 0) + 1)
    }
    if (counts.size === 0) return
    candidates.applyTemperature()
    for (const [id, count] of counts) {
      const index = candidates.indexOf(id)
      if (index < 0) continue
      const logit = candidates.logits[index]
      if (repels) candidates.set(index, logit > 0 ? logit / penalty : logit * penalty)
      candidates.set(index, candidates.logits[index] - (presencePenalty + frequencyPenalty * count))
    }
  }
}
