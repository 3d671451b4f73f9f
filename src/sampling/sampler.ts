import { DasllamaError } from '../errors.js'
import { Candidates } from './candidates.js'
import { buildChain } from './chain.js'
import { type Logprobs, logprobsOf } from './logprobs.js'
import { Mirostat } from './mirostat.js'
import { type ResolvedSampling, resolveSampling, type SamplingParams } from './params.js'
import { Rng, randomSeed } from './rng.js'

/** What a sampler takes besides its parameters. */
export interface SamplerOptions {
  /** Random numbers to draw with; they may be shared. Default: new ones from `seed`. */
  rng?: Rng
  /** Seed of the sampler's own random numbers. Default: a random one. */
  seed?: number
  /** Tokens that end a generation, for `minTokens` and `ignoreEos`. Default none. */
  endOfGeneration?: Iterable<number>
}

/** Chooses tokens from logits by fixed parameters. */
export interface Sampler {
  readonly params: Readonly<ResolvedSampling>
  /** The seed that was given, or chosen at random. */
  readonly seed: number
  /**
   * The next token's id. `logits` is f32[vocabulary] and stays as it is; `recent` holds the tokens generated so far,
   * the latest last. With `temp` 0 no random number is used. Throws `NO_CANDIDATES` when every token is ruled out,
   * `INVALID_ARGUMENT` for logits that are none or an id in the parameters outside the vocabulary.
   */
  pick(logits: Float32Array, recent?: ArrayLike<number>): number
  /** Log-probabilities after the chain, as of the last `pick`: of the token it chose and of the `n` likeliest. */
  logprobs(n: number): Logprobs
}

/**
 * Makes a sampler. The chain runs in the order of `params.samplers`; then a token is drawn by the probabilities that
 * remain, or, with `temp` of 0, the most likely one is taken. Throws what `resolveSampling` throws.
 */
export function createSampler(params?: SamplingParams, options: SamplerOptions = {}): Sampler {
  const resolved = resolveSampling(params)
  const rng = options.rng ?? new Rng(options.seed ?? randomSeed())
  const applyChain = buildChain(resolved, new Set(options.endOfGeneration))
  const mirostat = resolved.mirostatTau > 0 && resolved.temp > 0 ? new Mirostat(resolved) : undefined
  const candidates = new Candidates()
  let chosen = -1
  return {
    params: resolved,
    seed: rng.seed,
    pick(logits, recent = []) {
      if (!(logits instanceof Float32Array) || logits.length === 0) {
        throw new DasllamaError('INVALID_ARGUMENT', 'logits must be a Float32Array with one value a token')
      }
      candidates.reset(logits)
      applyChain(candidates, { recent, rng })
      mirostat?.truncate(candidates)
      const index = resolved.temp <= 0 ? candidates.likeliest() : draw(candidates, rng)
      if (index < 0) throw nothingLeft()
      mirostat?.observe(candidates, index)
      chosen = candidates.ids[index]
      return chosen
    },
    logprobs(n) {
      if (chosen < 0) throw new DasllamaError('INVALID_ARGUMENT', 'no token has been picked yet')
      return logprobsOf(candidates, chosen, n)
    },
  }
}

/** Index of a candidate drawn by its probability; -1 when none has any. One random number is used up. */
function draw(candidates: Candidates, rng: Rng): number {
  const { weights, mass } = candidates.weigh()
  // Rounding may leave a crumb at the end of the row: then the likeliest is taken.
  let left = rng.nextUniform() * mass
  for (let i = 0; i < candidates.size; i++) {
    left -= weights[i]
    if (left < 0) return i
  }
  return candidates.likeliest()
}

function nothingLeft(): DasllamaError {
  return new DasllamaError('NO_CANDIDATES', 'no token is left to choose from', {
    hint: 'logitBias, bannedIds, forcedIds or a custom step rule out the whole vocabulary',
  })
}
