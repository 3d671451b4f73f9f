import { DasllamaError, type ErrorCode } from '../index.js'

/** What an error of the API has besides its status and message. */
export interface ApiErrorDetails {
  /** The field of the request that is wrong. Default none. */
  readonly param?: string | undefined
  /** For programs to branch on. Default none. */
  readonly code?: string | undefined
  /** More headers of the response, such as `retry-after`. */
  readonly headers?: Readonly<Record<string, string>>
  /** The error that it stands for, which is reported to the operator and never sent. */
  readonly cause?: unknown
}

/** An error that a client sees, in the shape of OpenAI's API. */
export class ApiError extends Error {
  readonly status: number
  readonly param: string | undefined
  readonly code: string | undefined
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, { param, code, headers = {}, cause }: ApiErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.status = status
    this.param = param
    this.code = code
    this.headers = headers
  }

  /** The body of the response, and the data of an error within a stream. */
  toJSON(): object {
    const { message, status, param = null, code = null } = this
    return { error: { message, type: typeOf(status), param, code } }
  }
}

/** An error of a request's field. */
export function invalidField(param: string, message: string, code = 'invalid_value'): ApiError {
  return new ApiError(400, message, { param, code })
}

/**
 * What a client sees of any error. Errors of the library that concern the request keep their messages; all others are
 * described in general terms, because they may contain paths and other details of the server. `prompt`: the field that a
 * prompt which is too long belongs to.
 */
export function toApiError(
  error: unknown,
  { prompt }: { readonly prompt?: string | undefined } = {},
): ApiError {
  if (error instanceof ApiError) return error
  if (!(error instanceof DasllamaError)) {
    return new ApiError(500, 'the server failed to answer', { code: 'internal_error', cause: error })
  }
  if (error.code === 'CONTEXT_FULL') {
    return new ApiError(400, error.message, { param: prompt, code: 'context_length_exceeded', cause: error })
  }
  const status = STATUS[error.code] ?? 500
  const code = error.code.toLowerCase()
  if (status === 400) return new ApiError(status, error.message, { code, cause: error })
  const headers: Readonly<Record<string, string>> = status === 503 ? { 'retry-after': '5' } : {}
  return new ApiError(status, MESSAGES[error.code] ?? 'the model failed to answer', {
    code,
    headers,
    cause: error,
  })
}

/** Of errors that are not the server's own failures. */
const STATUS: Readonly<Partial<Record<ErrorCode, number>>> = {
  INVALID_ARGUMENT: 400,
  LIMIT: 400,
  UNSUPPORTED: 400,
  NO_CANDIDATES: 400,
  NO_TEMPLATE: 400,
  TEMPLATE_FAILED: 400,
  TEMPLATE_REFUSED: 400,
  OUT_OF_MEMORY: 503,
  BUSY: 503,
  DISPOSED: 503,
  ENGINE_LOST: 503,
  THREAD_LOST: 503,
}

const MESSAGES: Readonly<Partial<Record<ErrorCode, string>>> = {
  OUT_OF_MEMORY: 'the server has not enough memory for this request at the moment',
  DISPOSED: 'the model is being shut down',
  ENGINE_LOST: 'the engine of the model has ended',
}

function typeOf(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}
