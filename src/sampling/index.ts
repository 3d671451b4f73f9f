/** `dasllama/sampling`: the sampling chain for logits from any source, without WebAssembly. @module */
export { DasllamaError, type ErrorCode } from '../errors.js'
export { STEP_NAMES, type StepName } from './chain.js'
export type { Candidate, Candidates, CustomStep } from './custom-step.js'
export type { Distribution } from './distribution.js'
export {
  type ExplainedStep,
  type ExplainedStepName,
  type ExplainOptions,
  explainSampling,
  type SamplingExplanation,
} from './explain.js'
export { type Logprobs, logprobsOfLogits, type TokenLogprob } from './logprobs.js'
export { DEFAULT_SAMPLING, type ResolvedSampling, type SamplingParams } from './params.js'
export { Rng } from './rng.js'
export { createSampler, type Sampler, type SamplerOptions } from './sampler.js'
