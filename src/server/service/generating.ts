import type { GenerateOptions, StopReason } from '../../index.js'
import { ApiError } from '../api-error.js'
import type { TokenCounts } from '../call.js'
import type { Writing } from '../request/writing.js'
import type { ServedModel } from './models.js'

export { randomSeed } from '../../serving/random-seed.js'

export type FinishReason = 'stop' | 'length' | 'tool_calls'

/** Numbers of tokens, which grow while texts are written. */
export interface ReplyCounts extends TokenCounts {
  readonly reasoningTokens: number
}

export const NO_TOKENS: ReplyCounts = {
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  reasoningTokens: 0,
}

/** Of texts that continue a prompt which counts already. */
export const NO_PROMPT = { promptTokens: 0, cachedTokens: 0 } as const

/** The tokens of several texts, of which some may not have begun. */
export function sumOf(each: readonly (ReplyCounts | undefined)[]): ReplyCounts {
  const sum = { ...NO_TOKENS }
  for (const counts of each) {
    for (const name of Object.keys(sum) as (keyof ReplyCounts)[]) sum[name] += counts?.[name] ?? 0
  }
  return sum
}

/** The options of the generations for a request. */
export function generateOptions(
  { sampling: defaults, speculation }: Pick<ServedModel, 'sampling' | 'speculation'>,
  request: Writing & { readonly logprobs: number | undefined },
  signal: AbortSignal,
): GenerateOptions & { readonly reuse: 'exact' | 'all' } {
  const { sampling, maxTokens, stop, logprobs, responseFormat, seed, priority } = request
  return {
    ...defaults,
    ...sampling,
    maxTokens,
    stop,
    logprobs,
    responseFormat,
    priority,
    speculation,
    // With a seed, the same request gives the same text, whatever the server has in its cache.
    reuse: seed === undefined ? 'all' : 'exact',
    signal,
  }
}

/** Why a text has ended, in the words of OpenAI's API. Throws if it was aborted. */
export function finishReason(stopReason: StopReason | undefined, signal: AbortSignal): 'stop' | 'length' {
  if (stopReason === 'abort') {
    signal.throwIfAborted()
    throw new ApiError(503, 'the model is being shut down', { code: 'disposed' })
  }
  return stopReason === 'length' || stopReason === 'context' ? 'length' : 'stop'
}

/** The seed of one of several texts: the first one is as alone. */
export function seedOf(seed: number, index: number): number {
  return (seed + index) % 2 ** 53
}
