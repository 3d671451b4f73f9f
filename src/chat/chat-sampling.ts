import type { SamplingParams } from '../sampling/params.js'

/**
 * How a chat's replies are sampled where neither the caller nor the model's file says otherwise. Greedy replies repeat
 * themselves; this is moderate: a temperature of 0.7, and no token that is less than a twentieth as probable as the
 * likeliest, which min-p's authors recommend and which is llama.cpp's default too.
 */
export const CHAT_SAMPLING: Readonly<SamplingParams> = { temp: 0.7, minP: 0.05 }

/** Parameters that leave tokens out: a file that names one of them has chosen how, and the preset's min-p stays away. */
const TRUNCATING = ['topK', 'topP', 'minP', 'mirostatTau'] as const

/**
 * The sampling that a chat with this model has by default: what its file recommends (`model.recommendedSampling`), and
 * `CHAT_SAMPLING` for what the file leaves open. What the caller gives replaces it value by value.
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
