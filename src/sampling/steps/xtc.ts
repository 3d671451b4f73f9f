import type { ResolvedSampling } from '../params.js'
import type { Step } from '../step.js'

/**
 * Exclude top choices: with the chance `xtcProbability`, of all tokens with a probability of at least `xtcThreshold`
 * only the least likely stays. Source: p-e-w, text-generation-webui pull request 6335; llama.cpp.
 */
export function xtc({ xtcProbability, xtcThreshold }: ResolvedSampling): Step | undefined {
  // Above one half no two tokens can reach the threshold.
  if (xtcProbability <= 0 || xtcThreshold > 0.5) return undefined
  return (candidates, { rng }) => {
    if (rng.nextUniform() >= xtcProbability) return
    const { weights, mass } = candidates.weigh()
    const threshold = xtcThreshold * mass
    let stays = -1
    let reached = 0
    for (let i = 0; i < candidates.size; i++) {
      if (weights[i] < threshold) continue
      reached++
      if (stays < 0 || weights[i] <= weights[stays]) stays = i
    }
    if (reached < 2) return
    candidates.filter((i) => weights[i] < threshold || i === stays)
  }
}
