import type { SamplingParams } from '../sampling/params.js'

/**
 * A chat's sampling if neither the caller nor the model file specifies any. Greedy replies repeat themselves; this is
 * moderate: a temperature of 0.7, and no token that is less than a twentieth as probable as the most probable one, as
 * min-p's authors recommend and llama.cpp defaults to.
 */
export const CHAT_SAMPLING: Readonly<SamplingParams> = { temp: 0.7, minP: 0.05 }

/** Parameters that exclude tokens: if the file sets one of them, the preset's min-p is not added. */
const TRUNCATING = ['topK', 'topP', 'minP', 'mirostatTau'] as const

/**
 * A chat's default sampling with this model: what its file recommends (`model.recommendedSampling`), and `CHAT_SAMPLING`
 * for what the file leaves open. Values that the caller gives override these one by one.
 */
export function chatSampling({
  recommendedSampling: recommended,
}: {
  readonly recommendedSampling: Readonly<SamplingParams>
}): SamplingParams {
  const { temp, minP } = CHAT_SAMPLING
  const isTruncated = TRUNCATING.some((name) => recommended[name] !== undefined)
  return { temp, ...(!isTruncated && { minP }), ...recommended }
}
