import type { ReplyCounts } from '../service/generating.js'

/** Numbers of tokens in the form of OpenAI's API. */
export function usageOf({
  promptTokens,
  cachedTokens,
  completionTokens,
  reasoningTokens,
}: ReplyCounts): object {
  return {
    prompt_tokens: promptTokens,
    completion_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
    prompt_tokens_details: { cached_tokens: cachedTokens },
    completion_tokens_details: { reasoning_tokens: reasoningTokens },
  }
}
