import { DasllamaError } from '../../errors.js'
import type { CustomStep } from '../params.js'
import type { Step } from '../step.js'

/**
 * Puts a caller's own function into the chain. It sees and changes a copy of the logits over the whole vocabulary; what
 * it sets to −Infinity is left out, and so stays what was left out before. What it throws is passed on. Throws
 * `INVALID_ARGUMENT` when it makes a logit NaN.
 */
export function custom(step: CustomStep): Step {
  let whole = new Float32Array(0)
  return (candidates, { recent }) => {
    candidates.divide()
    const { ids, logits, size, vocabulary } = candidates
    // While nothing has been left out, index and id are the same.
    if (size === vocabulary) {
      step(logits, Array.from(recent))
    } else {
      if (whole.length !== vocabulary) whole = new Float32Array(vocabulary)
      whole.fill(Number.NEGATIVE_INFINITY)
      for (let i = 0; i < size; i++) whole[ids[i]] = logits[i]
      step(whole, Array.from(recent))
      for (let i = 0; i < size; i++) logits[i] = whole[ids[i]]
    }
    candidates.settle(refuseNaN)
  }
}

function refuseNaN(id: number): never {
  throw new DasllamaError('INVALID_ARGUMENT', `a custom step made the logit of token ${id} NaN`)
}
