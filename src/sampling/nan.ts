import { DasllamaError } from '../errors.js'
import { sum } from '../math/sum.js'

/** Throws `NOT_A_NUMBER`, naming the token. */
export function rejectNaN(id: number): never {
  throw new DasllamaError('NOT_A_NUMBER', `the logit of token ${id} is NaN`, {
    hint: "the model's weights are damaged, or a computation overflowed; use -Infinity to exclude a token",
  })
}

/** Throws `NOT_A_NUMBER` if a logit is NaN. */
export function checkLogits(logits: Float32Array): void {
  // Infinities of opposite signs also sum to NaN.
  if (!Number.isNaN(sum(logits))) return
  const id = logits.findIndex(Number.isNaN)
  if (id >= 0) rejectNaN(id)
}
