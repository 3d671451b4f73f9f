import { DasllamaError } from '../errors.js'
import { isA } from '../read-list.js'
import { CandidateSet } from './candidate-set.js'
import { buildChain } from './chain.js'
import { checkIds, invalid } from './knob.js'
import { type Logprobs, logprobsOf } from './logprobs.js'
import { Mirostat } from './mirostat.js'
import { checkLogits } from './nan.js'
import { type ResolvedSampling, resolveSampling, type SamplingParams } from './params.js'
import { argmax, argmaxOf } from './passes.js'
import { Rng, randomSeed } from './rng.js'

/** What a sampler takes besides its parameters. */
export interface SamplerOptions {
  /** Random numbers to draw with; they may be shared. Default: new ones from `seed`. */
  rng?: Rng
  /** Seed of the sampler's own random numbers. Default: a random one. */
  seed?: number
  /** Tokens that end a generation, for `minTokens` and `ignoreEos`. Default none. */
  endOfGeneration?: Iterable<number>
  /** @internal The logits have been looked at: none is NaN. */
  areChecked?: boolean
}

/** Chooses tokens from logits by fixed parameters. */
export interface Sampler {
  readonly params: Readonly<ResolvedSampling>
  /** The seed that was given, or chosen at random. */
  readonly seed: number
  /**
   * The next token's id. `logits` is f32[vocabulary] and stays as it is; `recent` holds the tokens generated so far,
   * the latest last. With `allowed`, a bit for each token (bit `id & 31` of word `id >>> 5`), only tokens whose bit is
   * set take part, as if there were no others. With `temp` 0 no random number is used. Throws `NO_CANDIDATES` when every
   * token is ruled out, `NOT_A_NUMBER` for a logit that is NaN, `INVALID_ARGUMENT` for logits that are none or an id in the parameters outside the vocabulary.
   */
  pick(logits: Float32Array, recent?: ArrayLike<number>, allowed?: Uint32Array): number
  /**
   * Log-probabilities after the chain, as of the last `pick`, whose logits must not have changed since: of the token it
   * chose and of the `n` likeliest. Throws `INVALID_ARGUMENT` before the first `pick` and for a bad `n`.
   */
  logprobs(n: number): Logprobs
}

/**
 * Makes a sampler. The chain runs in the order of `params.samplers`; then a token is drawn by the probabilities that
 * remain, or, with `temp` of 0, the most likely one is taken. Throws what `resolveSampling` throws.
 */
export function createSampler(params?: SamplingParams, options: SamplerOptions = {}): Sampler {
  const resolved = resolveSampling(params)
  const { seed = randomSeed(), rng = new Rng(seed), endOfGeneration = [], areChecked = false } = options
  const endIds = [...endOfGeneration]
  checkIds('endOfGeneration', endIds)
  const chain = buildChain(resolved, new Set(endIds))
  const greedy = resolved.temp <= 0
  const mirostat = resolved.mirostatTau > 0 && !greedy ? new Mirostat(resolved) : undefined
  const candidates = new CandidateSet()
  /** With nothing to do but to take the largest, the logits are not copied. */
  const plain = greedy && chain.length === 0
  let last: { readonly logits: Float32Array; readonly allowed: Uint32Array | undefined } | undefined
  let chosen = -1
  let isPicking = false

  function choose(logits: Float32Array, recent: ArrayLike<number>, allowed: Uint32Array | undefined): number {
    if (plain) {
      // Every other path meets a NaN on its own.
      if (!areChecked) checkLogits(logits)
      return allowed ? argmaxOf(logits, allowed) : argmax(logits, logits.length)
    }
    candidates.reset(logits, allowed)
    for (const step of chain) if (candidates.size > 0) step(candidates, { recent, rng })
    if (candidates.size === 0) return -1
    if (greedy) return candidates.ids[candidates.likeliest()]
    mirostat?.truncate(candidates)
    const index = draw(candidates, rng)
    mirostat?.observe(candidates, index)
    return candidates.ids[index]
  }

  return {
    params: resolved,
    seed: rng.seed,
    pick(logits, recent = [], allowed = undefined) {
      checkInput(logits, recent, allowed)
      if (isPicking) throw invalid('pick was called by a custom step of the same sampler', 'make another one')
      chosen = -1
      isPicking = true
      try {
        const id = choose(logits, recent, allowed)
        if (id < 0) throw nothingLeft(allowed !== undefined)
        last = { logits, allowed }
        chosen = id
        return id
      } finally {
        isPicking = false
      }
    },
    logprobs(n) {
      if (!last || chosen < 0) throw invalid('no token has been picked yet')
      if (plain) candidates.reset(last.logits, last.allowed)
      return logprobsOf(candidates, chosen, n)
    },
  }
}

function checkInput(logits: Float32Array, recent: ArrayLike<number>, allowed: Uint32Array | undefined): void {
  if (!isA(Float32Array, logits) || logits.length === 0) {
    throw invalid('logits must be a Float32Array with one value a token')
  }
  if (!(lengthOf(recent) <= MOST_RECENT)) {
    throw invalid('recent must be an array of token ids')
  }
  if (allowed !== undefined && !isA(Uint32Array, allowed)) {
    throw invalid('allowed must be a Uint32Array with one bit a token')
  }
}

/** More than any context holds. */
const MOST_RECENT = 2 ** 26

/** NaN for what has none, or cannot be read. */
function lengthOf(list: ArrayLike<number>): number {
  try {
    return typeof list === 'object' && typeof list.length === 'number' ? list.length : Number.NaN
  } catch {
    return Number.NaN
  }
}

/** Index of a candidate drawn by its probability. One random number is used up. */
function draw(candidates: CandidateSet, rng: Rng): number {
  const index = candidates.softmax.find(rng.nextUniform(), candidates.logits)
  // Rounding may leave a crumb at the end of the row.
  return index < 0 ? candidates.likeliest() : index
}

function nothingLeft(masked: boolean): DasllamaError {
  const what = masked ? 'all that a response format (or the caller) allows here' : 'the whole vocabulary'
  return new DasllamaError('NO_CANDIDATES', 'no token is left to choose from', {
    hint: `logitBias, bannedIds, forcedIds, a custom step or the logits themselves rule out ${what}`,
  })
}
