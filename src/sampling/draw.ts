import { exp } from '../math/elementary.js'
import type { Rng } from './rng.js'

/**
 * Draws one of `ids` with probabilities softmax(logits / temp) among them. The exponential is our own, so that the
 * same numbers give the same token on every engine. One number of `rng` is used up.
 */
export function draw(logits: Float32Array, ids: Int32Array, temp: number, rng: Rng): number {
  let likeliest = ids[0]
  let largest = Number.NEGATIVE_INFINITY
  for (const id of ids) {
    if (logits[id] > largest) {
      largest = logits[id]
      likeliest = id
    }
  }
  const weights = new Float64Array(ids.length)
  let sum = 0
  for (let i = 0; i < ids.length; i++) {
    const weight = exp((logits[ids[i]] - largest) / temp)
    // A NaN logit has no chance.
    weights[i] = Number.isNaN(weight) ? 0 : weight
    sum += weights[i]
  }
  // Subtracting as the eye runs along; rounding may leave a crumb at the end, so the likeliest is the fallback.
  let left = rng.nextUniform() * sum
  for (let i = 0; i < ids.length; i++) {
    left -= weights[i]
    if (left < 0) return ids[i]
  }
  return likeliest
}
