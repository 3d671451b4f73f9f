import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { readList, readOptions } from '../read-list.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Throws `INVALID_ARGUMENT` for options that are not an object, or that cannot be read. */
export function checkOptions(options: unknown): void {
  readOptions('options', options as object)
}

/** The ids as an array. Throws `INVALID_ARGUMENT` for anything but one or more ids of the vocabulary. */
export function checkIds(ids: ArrayLike<TokenId>, vocabSize: number): TokenId[] {
  const checked = checkTokens('token ids', ids, vocabSize)
  if (checked.length > 0) return checked
  throw new DasllamaError('INVALID_ARGUMENT', 'there are no tokens to evaluate')
}

/** The same, none at all included; `name` is for messages. */
export function checkTokens(name: string, ids: ArrayLike<TokenId>, vocabSize: number): TokenId[] {
  const check = (id: unknown, index: number): TokenId => {
    if (Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabSize) return id as TokenId
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name}: token ${describeValue(id)} at index ${index} is not in the vocabulary (0 to ${vocabSize - 1})`,
    )
  }
  return readList(name, ids, check, 'an array of numbers')
}

/** Throws `INVALID_ARGUMENT` for a `signal` that is none. */
export function checkSignal(signal: AbortSignal | undefined): void {
  if (signal === undefined || isSignal(signal)) return
  throw new DasllamaError('INVALID_ARGUMENT', `signal must be an AbortSignal, not ${describeValue(signal)}`)
}

/** By what it does: a page may hand over the signal of another one. */
function isSignal(signal: Partial<AbortSignal> | null): boolean {
  try {
    const { throwIfAborted, addEventListener, removeEventListener } = signal ?? {}
    return [throwIfAborted, addEventListener, removeEventListener].every((of) => typeof of === 'function')
  } catch {
    return false
  }
}

/** A whole number within [minimum, maximum], or `INVALID_ARGUMENT` naming it. */
export function checkCount(name: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
    return value
  throw new DasllamaError(
    'INVALID_ARGUMENT',
    `${name} must be a whole number from ${minimum} to ${maximum}, not ${describeValue(value)}`,
  )
}
