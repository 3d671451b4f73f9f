import { log } from '../math/elementary.js'
import type { Candidates } from './candidates.js'

/** −Σ p ln p, in nats; 0 when no token has a chance. */
export function entropy(candidates: Candidates): number {
  const likeliest = candidates.likeliest()
  if (likeliest < 0) return 0
  const { weights, mass } = candidates.weigh()
  const { logits, size } = candidates
  const largest = logits[likeliest]
  // ln p = logit − largest − ln mass: one logarithm for all.
  let sum = 0
  for (let i = 0; i < size; i++) if (weights[i] > 0) sum += weights[i] * (largest - logits[i])
  return sum / mass + log(mass)
}
