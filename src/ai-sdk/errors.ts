import { DasllamaError, type ErrorCode } from '../index.js'

/**
 * Errors of this package that the AI SDK recognises too: it knows its errors by a symbol, so that they may come from any copy of
 * its packages. Whatever they are for the SDK, they stay `DasllamaError`s with their code and hint.
 */

type SdkError =
  | { readonly kind: 'NoSuchModelError'; readonly modelId: string; readonly modelType: string }
  | { readonly kind: 'UnsupportedFunctionalityError'; readonly functionality: string }
  | { readonly kind: 'APICallError'; readonly isRetryable: boolean }

const MARKER = 'vercel.ai.error'

function marked(error: DasllamaError, { kind, ...fields }: SdkError): DasllamaError {
  return Object.assign(error, fields, {
    [Symbol.for(MARKER)]: true,
    [Symbol.for(`${MARKER}.AI_${kind}`)]: true,
  })
}

/** Something that these models cannot read or do. */
export function unsupported(functionality: string, message: string, hint?: string): DasllamaError {
  return marked(new DasllamaError('UNSUPPORTED', message, { hint }), {
    kind: 'UnsupportedFunctionalityError',
    functionality,
  })
}

/** A model that the provider does not have. */
export function noSuchModel(modelId: string, modelType: string, hint: string): DasllamaError {
  const message = `there is no ${modelType} ${JSON.stringify(modelId.slice(0, 100))}`
  return marked(new DasllamaError('NOT_FOUND', message, { hint }), {
    kind: 'NoSuchModelError',
    modelId,
    modelType,
  })
}

/** Errors that may not occur again: memory that other calls hold, a connection that broke, a thread that has died. */
const TRANSIENT: readonly ErrorCode[] = ['OUT_OF_MEMORY', 'IO', 'THREAD_LOST']

/** The same error; if another attempt may succeed, one that the AI SDK repeats calls for (`maxRetries`). */
export function withRetries(error: unknown): unknown {
  if (!(error instanceof DasllamaError) || !TRANSIENT.includes(error.code) || Object.isFrozen(error))
    return error
  return marked(error, { kind: 'APICallError', isRetryable: true })
}
