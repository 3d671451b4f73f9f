import { DasllamaError } from '../errors.js'
import { Candidates } from './candidates.js'
import { kthLargest } from './passes.js'

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
export function logprobsOf(candidates: Candidates, id: number, n: number): Logprobs {
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
    top: likeliest(logits, size, Math.min(n, size)).map((index) => ({ id: ids[index], logprob: at(index) })),
  }
}

/** Indices of the `n` largest of the first `size` logits, the largest first, of equal ones the lower index. */
function likeliest(logits: Float32Array, size: number, n: number): number[] {
  if (n === 0) return []
  const weakest = kthLargest(logits, size, logits.slice(0, n), n)
  const top: number[] = []
  for (let i = 0; i < size; i++) if (logits[i] >= weakest) top.push(i)
  return top.sort((a, b) => logits[b] - logits[a] || a - b).slice(0, n)
}

/** The same straight from logits (f32[vocabulary]): what the model itself thinks, before any sampling. */
export function logprobsOfLogits(logits: Float32Array, id: number, n: number): Logprobs {
  const candidates = new Candidates()
  candidates.reset(logits)
  return logprobsOf(candidates, id, n)
}
