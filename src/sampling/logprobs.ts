import { DasllamaError } from '../errors.js'
import { CandidateSet } from './candidate-set.js'
import { topIndices } from './passes.js'

/** A token and the natural logarithm of its probability. */
export interface TokenLogprob {
  /** The token. */
  readonly id: number
  /** The natural logarithm of its probability. */
  readonly logprob: number
}

/** Log-probabilities of a sampled token and of its alternatives. */
export interface Logprobs {
  /** Of the chosen token; −Infinity if it is not a candidate. */
  readonly logprob: number
  /** The most likely tokens, in descending order. */
  readonly top: readonly TokenLogprob[]
}

/** Log-probabilities of token `id` and of the `n` likeliest among `candidates`. Throws `INVALID_ARGUMENT` for a bad `n`. */
export function logprobsOf(candidates: CandidateSet, id: number, n: number): Logprobs {
  if (!Number.isInteger(n) || n < 0) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `the number of log-probabilities must be a whole number, 0 or more, not ${n}`,
    )
  }
  const { ids, logits, size } = candidates
  if (size === 0) return { logprob: Number.NEGATIVE_INFINITY, top: [] }
  const { softmax } = candidates
  const at = (index: number) => softmax.logProbability(logits[index])
  const chosen = candidates.indexOf(id)
  return {
    logprob: chosen < 0 ? Number.NEGATIVE_INFINITY : at(chosen),
    top: topIndices(logits, size, Math.min(n, size)).map((index) => ({ id: ids[index], logprob: at(index) })),
  }
}

/** The same from raw logits (f32[vocabulary]): the model's distribution before the sampling chain. */
export function logprobsOfLogits(logits: Float32Array, id: number, n: number): Logprobs {
  const candidates = new CandidateSet()
  candidates.reset(logits)
  return logprobsOf(candidates, id, n)
}
