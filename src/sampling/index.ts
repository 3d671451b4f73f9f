/** `dasllama/sampling`: the sampling chain for anyone's logits, without WebAssembly. */
export { DasllamaError, type ErrorCode } from '../errors.js'
export { type Logprobs, logprobsOfLogits, type TokenLogprob } from './logprobs.js'
export {
  type CustomStep,
  DEFAULT_SAMPLING,
  type ResolvedSampling,
  type SamplingParams,
  STEP_NAMES,
  type StepName,
} from './params.js'
export { Rng } from './rng.js'
export { createSampler, type Sampler, type SamplerOptions } from './sampler.js'
