import { readOptions } from '../read-list.js'
import { CandidateSet } from './candidate-set.js'
import { type ChainEntry, STEP_KNOBS_OF } from './chain.js'
import type { Candidate } from './custom-step.js'
import { Distribution } from './distribution.js'
import type { ResolvedStepParams } from './knobs.js'
import type { ResolvedSampling, SamplingParams } from './params.js'
import { checkInput, nothingLeft, prepareChain, type SamplerOptions } from './sampler.js'
import type { Step } from './step.js'

/** Options of `explainSampling`: those of a sampler, and what its `pick` takes beside the logits. */
export interface ExplainOptions
  extends Pick<SamplerOptions, 'rng' | 'seed' | 'endOfGeneration' | 'suppressedIds'> {
  /** The tokens generated so far, latest last. Default none. */
  previousTokens?: ArrayLike<number>
  /** A bit per token, as for `pick`: tokens whose bit is not set are treated as if they did not exist. Default all. */
  allowed?: Uint32Array
}

/**
 * A step of the chain; `constraints` (biases, banned and forced ids, when the end may come) comes first, and `custom` is a
 * function among `samplers`. `mirostat` or, with `temp` 0, `greedy` comes last, where it applies.
 */
export type ExplainedStepName = ChainEntry['name'] | 'mirostat' | 'greedy'

/** What one step of the chain did. */
export interface ExplainedStep {
  /** The step's name in `params.samplers`, or the choice at the end of the chain. */
  readonly name: ExplainedStepName
  /** The step's parameters, with defaults; of a custom step, none. */
  readonly params: Readonly<Partial<ResolvedStepParams>>
  /** Whether it runs: a step that its parameters, `temp` 0 or mirostat disable changes nothing. */
  readonly isEnabled: boolean
  /** The tokens that it left. */
  readonly after: Distribution
  /** How many tokens it removed. */
  readonly removedCount: number
  /**
   * The `n` most likely of the tokens that it removed, in descending order, with the logits and probabilities that they had
   * before.
   */
  removed(n: number): Candidate[]
}

/** How a token is sampled, step by step. */
export interface SamplingExplanation {
  /** What the chain begins with: the tokens that are allowed and whose logit is not −Infinity. */
  readonly before: Distribution
  /** The chain in its order, with the steps that are disabled. */
  readonly steps: readonly ExplainedStep[]
  /** What the token is drawn from. */
  readonly after: Distribution
  /** All parameters, with defaults. */
  readonly params: Readonly<ResolvedSampling>
}

/** The knobs of each step. */
const KNOBS_OF: Readonly<Record<ExplainedStepName, readonly (keyof ResolvedStepParams)[]>> = {
  constraints: ['logitBias', 'bannedIds', 'forcedIds', 'minTokens', 'ignoreEos'],
  ...STEP_KNOBS_OF,
  custom: [],
  mirostat: ['mirostatTau', 'mirostatEta'],
  greedy: ['temp'],
}

/**
 * Runs the chain on logits (f32[vocabulary], not modified) as `createSampler(params, options).pick` does, except for the draw,
 * and returns the candidates before and after each step. XTC runs or not by the same random number as with that `seed` or `rng`; an
 * `rng` advances by it. Mirostat is explained as for the first token.
 *
 * ```js
 * const { steps, after } = explainSampling(session.logits(), { temp: 0.8, topK: 40, minP: 0.05 })
 * for (const { name, removedCount } of steps) console.log(name, removedCount)
 * console.log(after.top(3))
 * ```
 *
 * It copies the candidates after each step, so it takes some milliseconds for a large vocabulary. Throws what `createSampler` and
 * `pick` throw: `INVALID_ARGUMENT`, `NOT_A_NUMBER`, `NO_CANDIDATES`.
 */
export function explainSampling(
  logits: Float32Array,
  params?: SamplingParams,
  options: ExplainOptions = {},
): SamplingExplanation {
  const { previousTokens = [], allowed, ...samplerOptions } = readOptions('options', options)
  checkInput(logits, previousTokens, allowed)
  const { resolved, rng, entries, greedy, mirostat } = prepareChain(params, samplerOptions)
  const candidates = new CandidateSet()
  candidates.reset(logits, allowed)
  const before = Distribution.of(candidates)
  const steps: ExplainedStep[] = []
  const explain = (name: ExplainedStepName, run: Step | undefined) => {
    if (candidates.size === 0) throw nothingLeft(allowed !== undefined)
    run?.(candidates, { previousTokens, rng })
    const previous = steps.at(-1)?.after ?? before
    const after = run ? Distribution.of(candidates) : previous
    steps.push({
      name,
      params: Object.fromEntries(KNOBS_OF[name].map((knob) => [knob, resolved[knob]])),
      isEnabled: run !== undefined,
      after,
      removedCount: previous.size - after.size,
      removed: (n) => previous.topWithout(after, n),
    })
  }
  for (const { name, run } of entries) explain(name, run)
  if (greedy) explain('greedy', keepLikeliest)
  if (mirostat) explain('mirostat', (remaining) => mirostat.truncate(remaining))
  const { after } = steps.at(-1)!
  if (after.size === 0) throw nothingLeft(allowed !== undefined)
  return { before, steps, after, params: resolved }
}

/** What `temp` 0 chooses. */
function keepLikeliest(candidates: CandidateSet): void {
  candidates.keep([candidates.ids[candidates.likeliest()]])
}
