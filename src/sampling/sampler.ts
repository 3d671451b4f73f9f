import { DasllamaError } from '../errors.js'
import { isA } from '../read-list.js'
import { CandidateSet } from './candidate-set.js'
import { type ChainEntry, listChain } from './chain.js'
import { checkIds, invalid } from './knob.js'
import { type Logprobs, logprobsOf } from './logprobs.js'
import { Mirostat } from './mirostat.js'
import { checkLogits } from './nan.js'
import { type ResolvedSampling, resolveSampling, type SamplingParams } from './params.js'
import { argmax, argmaxOf } from './passes.js'
import { Rng, randomSeed } from './rng.js'

/** Options of a sampler besides its parameters. */
export interface SamplerOptions {
  /** Random number generator; may be shared. Default: a new one from `seed`. */
  rng?: Rng
  /** Seed of the sampler's own generator. Default: random. */
  seed?: number
  /** Tokens that end a generation, for `minTokens` and `ignoreEos`. Default none. */
  endOfGeneration?: Iterable<number>
  /** Tokens that are never picked, beside those that the parameters ban (`tokenizer.suppressedIds`). Default none. */
  suppressedIds?: Iterable<number>
  /** @internal The caller has checked that no logit is NaN. */
  areChecked?: boolean
}

/** Samples tokens from logits with fixed parameters. */
export interface Sampler {
  /** The parameters, with defaults. */
  readonly params: Readonly<ResolvedSampling>
  /** The given or randomly chosen seed. */
  readonly seed: number
  /**
   * The next token's id. `logits` is f32[vocabulary] and is not modified; `previousTokens` are the tokens generated so
   * far, latest last. `allowed` has a bit per token (bit `id & 31` of word `id >>> 5`): tokens whose bit is not set are
   * treated as if they did not exist. With `temp` 0 no random number is used. Throws `NO_CANDIDATES` if every token is
   * excluded, `NOT_A_NUMBER` if a logit is NaN, `INVALID_ARGUMENT` if `logits` is invalid or the parameters contain an id
   * outside the vocabulary.
   */
  pick(logits: Float32Array, previousTokens?: ArrayLike<number>, allowed?: Uint32Array): number
  /**
   * Log-probabilities after the chain of the last `pick`: of the chosen token and of the `n` most likely ones. The logits
   * must not have changed since. Throws `INVALID_ARGUMENT` before the first `pick` and for an invalid `n`.
   */
  logprobs(n: number): Logprobs
}

/**
 * Creates a sampler. The chain runs in the order of `params.samplers`; then a token is drawn from the remaining
 * distribution or, with `temp` 0, the most likely one is taken. Throws what `resolveSampling` throws.
 */
export function createSampler(params?: SamplingParams, options: SamplerOptions = {}): Sampler {
  const { areChecked = false } = options
  const { resolved, rng, entries, greedy, mirostat } = prepareChain(params, options)
  const chain = entries.map(({ run }) => run).filter((run) => run !== undefined)
  const candidates = new CandidateSet()
  /** A plain argmax, for which the logits are not copied. */
  const plain = greedy && chain.length === 0
  let last: { readonly logits: Float32Array; readonly allowed: Uint32Array | undefined } | undefined
  let chosen = -1
  let isPicking = false

  function choose(
    logits: Float32Array,
    previousTokens: ArrayLike<number>,
    allowed: Uint32Array | undefined,
  ): number {
    if (plain) {
      // Every other path detects NaN anyway.
      if (!areChecked) checkLogits(logits)
      return allowed ? argmaxOf(logits, allowed) : argmax(logits, logits.length)
    }
    candidates.reset(logits, allowed)
    for (const step of chain) if (candidates.size > 0) step(candidates, { previousTokens, rng })
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
    pick(logits, previousTokens = [], allowed = undefined) {
      checkInput(logits, previousTokens, allowed)
      if (isPicking) throw invalid('pick was called by a custom step of the same sampler', 'make another one')
      chosen = -1
      isPicking = true
      try {
        const id = choose(logits, previousTokens, allowed)
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

/** What samples tokens: the steps of the chain in order, and what comes after them. */
interface PreparedChain {
  readonly resolved: ResolvedSampling
  readonly rng: Rng
  readonly entries: readonly ChainEntry[]
  /** After the chain the most likely token is taken, instead of drawing one. */
  readonly greedy: boolean
  /** Truncates the candidates before the draw. */
  readonly mirostat: Mirostat | undefined
}

/** Throws what `resolveSampling` throws, and `INVALID_ARGUMENT` for invalid options. */
export function prepareChain(params: SamplingParams | undefined, options: SamplerOptions): PreparedChain {
  const resolved = resolveSampling(params)
  const { seed = randomSeed(), rng = new Rng(seed) } = options
  const endIds = [...(options.endOfGeneration ?? [])]
  checkIds('endOfGeneration', endIds)
  const suppressed = [...(options.suppressedIds ?? [])]
  checkIds('suppressedIds', suppressed)
  const bannedIds = [...resolved.bannedIds, ...suppressed]
  const entries = listChain({ ...resolved, bannedIds }, new Set(endIds))
  const greedy = resolved.temp <= 0
  const mirostat = resolved.mirostatTau > 0 && !greedy ? new Mirostat(resolved) : undefined
  return { resolved, rng, entries, greedy, mirostat }
}

/** Throws `INVALID_ARGUMENT` for what cannot be sampled from. */
export function checkInput(
  logits: Float32Array,
  previousTokens: ArrayLike<number>,
  allowed: Uint32Array | undefined,
): void {
  if (!isA(Float32Array, logits) || logits.length === 0) {
    throw invalid('logits must be a Float32Array with one value per token')
  }
  if (!(lengthOf(previousTokens) <= MAX_PREVIOUS)) {
    throw invalid('previousTokens must be an array of token ids')
  }
  if (allowed !== undefined && !isA(Uint32Array, allowed)) {
    throw invalid('allowed must be a Uint32Array with one bit per token')
  }
}

/** More than any context holds. */
const MAX_PREVIOUS = 2 ** 26

/** NaN if the value has no length or cannot be read. */
function lengthOf(list: ArrayLike<number>): number {
  try {
    return typeof list === 'object' && typeof list.length === 'number' ? list.length : Number.NaN
  } catch {
    return Number.NaN
  }
}

/** Index of a candidate drawn with its probability. Uses one random number. */
function draw(candidates: CandidateSet, rng: Rng): number {
  const index = candidates.softmax.find(rng.nextUniform(), candidates.logits)
  // Rounding may leave a residue after the last candidate.
  return index < 0 ? candidates.likeliest() : index
}

export function nothingLeft(masked: boolean): DasllamaError {
  const what = masked ? 'every token that the response format (or the caller) allows here' : 'every token'
  return new DasllamaError('NO_CANDIDATES', 'no token is left to choose from', {
    hint: `logitBias, bannedIds, forcedIds, a custom step or the logits themselves exclude ${what}`,
  })
}
