import { log } from '../../math/elementary.js'
import type { ResolvedStepParams } from '../knobs.js'
import { seek } from '../passes.js'
import type { Step } from '../step.js'

/**
 * Exclude top choices: with probability `xtcProbability`, removes all tokens of probability at least `xtcThreshold`
 * except the least likely of them (the last on ties). Source: p-e-w, text-generation-webui pull request 6335.
 */
export function xtc({ xtcProbability, xtcThreshold }: ResolvedStepParams): Step | undefined {
  // Above one half, no two tokens can reach the threshold.
  if (xtcProbability <= 0 || xtcThreshold > 0.5) return undefined
  return (candidates, { rng }) => {
    if (rng.nextUniform() >= xtcProbability) return
    const { ids, logits, size, largest, softmax } = candidates
    const limit = log(xtcThreshold)
    // Near a huge logit the threshold could be rounded up to it.
    if (softmax.logProbability(largest) < limit) return
    const threshold = softmax.logitOf(limit)
    const top: number[] = []
    let least = 0
    for (let i = seek(logits, 0, size, threshold); i < size; i = seek(logits, i + 1, size, threshold)) {
      if (top.length === 0 || logits[i] <= logits[top[least]]) least = top.length
      top.push(i)
    }
    top.splice(least, 1)
    candidates.remove(top.map((index) => ids[index]))
  }
}
