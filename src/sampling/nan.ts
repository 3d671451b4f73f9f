import { DasllamaError } from '../errors.js'
import { sum } from '../math/sum.js'

/** Throws `NOT_A_NUMBER`, which names the token `id`. */
export function refuseNaN(id: number): never {
  throw new DasllamaError('NOT_A_NUMBER', `the logit of token ${id} is NaN`, {
    hint: "the model's weights are damaged, or a value in it has overflowed; -Infinity rules a token out",
  })
}

/** Throws `NOT_A_NUMBER` for logits of which one is NaN. */
export function checkLogits(logits: Float32Array): void {
  // Infinities of both signs add up to NaN too.
  if (!Number.isNaN(sum(logits))) return
  const id = logits.findIndex(Number.isNaN)
  if (id >= 0) refuseNaN(id)
}
