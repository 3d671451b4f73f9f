import type { ApiError } from '../api-error.js'
import type { ReplyCounts } from '../service/generating.js'
import type { ResponseRequest } from './request.js'

/** How far a response is. */
export interface ResponseState {
  readonly status: 'in_progress' | 'completed' | 'incomplete' | 'failed'
  readonly output: readonly object[]
  readonly counts?: ReplyCounts
  readonly error?: ApiError
}

/** The object of a response: everything but its state stays the same. */
export class ResponseObject {
  readonly #header: object
  readonly #repeated: ResponseRequest['repeated']

  constructor(model: string, { repeated }: Pick<ResponseRequest, 'repeated'>) {
    this.#header = {
      id: `resp_${crypto.randomUUID().replaceAll('-', '')}`,
      object: 'response',
      created_at: now(),
      model,
    }
    this.#repeated = repeated
  }

  json({ status, output, counts, error }: ResponseState): object {
    return {
      ...this.#header,
      status,
      completed_at: status === 'completed' ? now() : null,
      error: error ? { code: errorCode(error), message: error.message } : null,
      incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
      output,
      usage: counts ? usage(counts) : null,
      ...this.#repeated,
      background: false,
      previous_response_id: null,
      store: false,
      truncation: 'disabled',
      access_programs: null,
    }
  }
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

/** The codes that clients know; Codex compacts a conversation when it reads the first one. */
function errorCode({ status, code }: ApiError): string {
  if (code === 'context_length_exceeded') return code
  if (status === 429) return 'rate_limit_exceeded'
  return status >= 500 ? 'server_error' : 'invalid_prompt'
}

function usage({ promptTokens, cachedTokens, completionTokens, reasoningTokens }: ReplyCounts): object {
  return {
    input_tokens: promptTokens,
    input_tokens_details: { cached_tokens: cachedTokens, cache_write_tokens: 0 },
    output_tokens: completionTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens },
    total_tokens: promptTokens + completionTokens,
  }
}
