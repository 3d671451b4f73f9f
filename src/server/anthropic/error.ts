import type { ApiError } from '../api-error.js'

/** Whether a client of Anthropic's API has sent the request. */
export function isForAnthropic(headers: Headers): boolean {
  return headers.has('anthropic-version')
}

/** An error in the words of Anthropic's API. `requestId`: the request's. */
export function anthropicError({ status, code, message }: ApiError, requestId: string): object {
  // Clients compact the conversation when they read these words.
  const what = code === 'context_length_exceeded' ? `prompt is too long: ${message}` : message
  return {
    type: 'error',
    error: { type: TYPES[status] ?? typeOf(status), message: what },
    request_id: requestId,
  }
}

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
}

function typeOf(status: number): string {
  return status >= 500 ? 'api_error' : 'invalid_request_error'
}
