import type { ApiError } from '../api-error.js'

/** Whether a client of Anthropic's API has sent the request. */
export function isForAnthropic(headers: Headers): boolean {
  return headers.has('anthropic-version')
}

/** An error in the words of Anthropic's API. `requestId`: the request's. */
export function anthropicError({ status, code, param, message }: ApiError, requestId: string): object {
  const error = {
    type: TYPES[status] ?? typeOf(status),
    // Clients compact the conversation when they read these words.
    message: code === 'context_length_exceeded' ? `prompt is too long: ${message}` : message,
    ...(code !== undefined && { details: { error_code: code, ...(param && { param }) } }),
  }
  return { type: 'error', error, request_id: requestId }
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
