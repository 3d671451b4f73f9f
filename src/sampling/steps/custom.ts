import { DasllamaError } from '../../errors.js'
import type { CustomStep } from '../params.js'
import type { Step } from '../step.js'

/**
 * Puts a caller's own function into the chain. It sees and changes a copy of the logits over the whole vocabulary; what
 * it sets to −Infinity is left out, and so stays what was left out before. What it throws is passed on.
 */
export function custom(step: CustomStep, vocabulary: () => number): Step {
  return (candidates, { recent }) => {
    const logits = new Float32Array(vocabulary()).fill(Number.NEGATIVE_INFINITY)
    for (let i = 0; i < candidates.size; i++) logits[candidates.ids[i]] = candidates.logits[i]
    step(logits, Array.from(recent))
    for (let i = 0; i < candidates.size; i++) {
      const logit = logits[candidates.ids[i]]
      if (Number.isNaN(logit)) {
        throw new DasllamaError(
          'INVALID_ARGUMENT',
          `a custom step made the logit of token ${candidates.ids[i]} NaN`,
        )
      }
      candidates.logits[i] = logit
    }
    candidates.changed()
    candidates.filter((i) => candidates.logits[i] !== Number.NEGATIVE_INFINITY)
  }
}
