import { DasllamaError } from '../errors.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Throws `INVALID_ARGUMENT` for options that are not an object. */
export function checkOptions(options: unknown): void {
  if (typeof options === 'object' && options !== null) return
  throw new DasllamaError('INVALID_ARGUMENT', `options must be an object, not ${String(options)}`)
}

/** The ids as an array. Throws `INVALID_ARGUMENT` for anything but one or more ids of the vocabulary. */
export function checkIds(ids: ArrayLike<TokenId>, vocabSize: number): TokenId[] {
  const checked = checkTokens('token ids', ids, vocabSize)
  if (checked.length > 0) return checked
  throw new DasllamaError('INVALID_ARGUMENT', 'there are no tokens to evaluate')
}

/** The same, none at all included; `name` is for messages. */
export function checkTokens(name: string, ids: ArrayLike<TokenId>, vocabSize: number): TokenId[] {
  if (ids === null || typeof ids !== 'object' || typeof ids.length !== 'number') {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} must be an array of numbers, not ${typeof ids}`)
  }
  return Array.from(ids, (id, index) => {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) return id
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name}: token ${String(id)} at index ${index} is not in the vocabulary (0 to ${vocabSize - 1})`,
    )
  })
}

/** Throws `INVALID_ARGUMENT` for a `signal` that is none. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined) return
  if (typeof signal?.throwIfAborted !== 'function') {
    throw new DasllamaError('INVALID_ARGUMENT', 'signal must be an AbortSignal')
  }
}

/** A whole number within [minimum, maximum], or `INVALID_ARGUMENT` naming it. */
export function checkCount(name: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
    return value
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${name} must be a whole number from ${minimum} to ${maximum}, not ${String(value)}`,
  )
}
