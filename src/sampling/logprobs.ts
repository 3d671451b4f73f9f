import { log } from '../math/elementary.js'
import { Candidates } from './candidates.js'

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

/** Log-probabilities of token `id` and of the `n` likeliest among `candidates`. */
export function logprobsOf(candidates: Candidates, id: number, n: number): Logprobs {
  const { weights, mass } = candidates.weigh()
  const at = (index: number) => (index < 0 ? Number.NEGATIVE_INFINITY : log(weights[index] / mass))
  const top: number[] = []
  for (let i = 0; i < candidates.size; i++) {
    if (top.length === n && weights[i] <= weights[top[n - 1]]) continue
    if (n === 0) break
    // Insertion into a short list: few tokens of a vocabulary ever enter it.
    let place = Math.min(top.length, n - 1)
    while (place > 0 && weights[i] > weights[top[place - 1]]) {
      top[place] = top[place - 1]
      place--
    }
    top[place] = i
  }
  return {
    logprob: at(candidates.indexOf(id)),
    top: top.map((index) => ({ id: candidates.ids[index], logprob: at(index) })),
  }
}

/** The same straight from logits (f32[vocabulary]): what the model itself thinks, before any sampling. */
export function logprobsOfLogits(logits: Float32Array, id: number, n: number): Logprobs {
  const candidates = new Candidates()
  candidates.reset(logits)
  return logprobsOf(candidates, id, n)
}
