import { DasllamaError } from '../index.js'

/** A `DOMException` with a cause, which its constructor does not take everywhere. */
export function domException(name: string, message: string, cause?: unknown): DOMException {
  const error = new DOMException(message, name)
  if (cause !== undefined) Object.defineProperty(error, 'cause', { value: cause, configurable: true })
  return error
}

/** A prompt that does not fit: the web's `QuotaExceededError`, with `requested` and `quota` in tokens. */
export function quotaExceeded(requested: number, quota: number): DOMException {
  const error = domException(
    'QuotaExceededError',
    `the prompt has ${requested} tokens; the context holds ${quota}, with a reply`,
  )
  return Object.assign(error, { requested, quota })
}

/** Errors of the library in the web's words; all others stay unchanged. `requested` and `quota` are those of a prompt. */
export function webError(error: unknown): unknown {
  if (!(error instanceof DasllamaError)) return error
  const message = error.hint === undefined ? error.message : `${error.message} (${error.hint})`
  switch (error.code) {
    case 'INVALID_ARGUMENT':
      return new TypeError(message, { cause: error })
    case 'UNSUPPORTED':
    case 'LIMIT':
    case 'NO_TEMPLATE':
    case 'TEMPLATE_REFUSED':
      return domException('NotSupportedError', message, error)
    case 'DISPOSED':
      return domException('InvalidStateError', message, error)
    case 'IO':
    case 'NOT_FOUND':
      return domException('NetworkError', message, error)
    default:
      return domException('UnknownError', message, error)
  }
}
