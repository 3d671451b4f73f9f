import { DasllamaError } from '../errors.js'
import { CandidateSet } from './candidate-set.js'
import { topIndices } from './passes.js'

/** A token and the natural logarithm of its probability. */
export interface TokenLogprob {
  readonly id: number
  readonly logprob: number
}

/** What a token was chosen among. */
export interface Logprobs {
  /** Of the chosen token. −Infinity where it was left out. */
  readonly logprob: number
  /** The likeliest tokens, the likeliest first. */
  readonly top: readonly TokenLogprob[]
}

/** Log-probabilities of token `id` and of the `n` likeliest among `candidates`. Throws `INVALID_ARGUMENT` for a bad `n`. */
export function logprobsOf(candidates: CandidateSet, id: number, n: number): Logprobs {
  if (!Number.isInteger(n) || n < 0) {
    throw new DasllamaError('INVALID_ARGUMENT', `the number of log-probabilities must be whole, not ${n}`)
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

/** The same straight from logits (f32[vocabulary]): what the model itself thinks, before any sampling. */
export function logprobsOfLogits(logits: Float32Array, id: number, n: number): Logprobs {
  const candidates = new CandidateSet()
  candidates.reset(logits)
  return logprobsOf(candidates, id, n)
}
