import { describeValue } from './describe.js'
import { DasllamaError } from './errors.js'
import { isA, isArray, readList, readOptions } from './read-list.js'

/*
 * Checks of arguments from callers. Each throws `INVALID_ARGUMENT` with the argument's `name` and the value.
 */

/** Throws for options that are not an object or cannot be read. */
export function checkOptions(options: unknown): void {
  readOptions('options', options as object)
}

/** A whole number within [minimum, maximum]. */
export function checkCount(name: string, value: unknown, minimum: number, maximum: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum)
    return value
  throw invalid(name, `a whole number from ${minimum} to ${maximum}`, value)
}

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw invalid(name, 'true or false', value)
}

export function checkString(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw invalid(name, 'a string', value)
}

/** One of the known names. */
export function checkOneOf<T extends string>(name: string, value: unknown, known: readonly T[]): T {
  if (known.includes(value as T)) return value as T
  throw invalid(name, `one of ${known.join(', ')}`, value)
}

/** Throws for anything but a function or `undefined`. */
export function checkFunction(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return
  throw invalid(name, 'a function', value)
}

export function checkBytes(name: string, value: unknown): Uint8Array {
  if (isA<Uint8Array>(Uint8Array, value)) return value
  throw invalid(name, 'a Uint8Array', value)
}

/** Throws for anything but an `AbortSignal` or `undefined`. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || isSignal(signal)) return
  throw invalid('signal', 'an AbortSignal', signal)
}

/** By duck typing: `instanceof` fails for signals of another realm, such as an iframe. */
function isSignal(signal: unknown): boolean {
  try {
    const { throwIfAborted, addEventListener, removeEventListener } = (signal ?? {}) as Partial<AbortSignal>
    return [throwIfAborted, addEventListener, removeEventListener].every((of) => typeof of === 'function')
  } catch {
    return false
  }
}

/** One or more token ids of a vocabulary, as an array. */
export function checkIds(ids: ArrayLike<number>, vocabSize: number): number[] {
  const checked = checkTokens('token ids', ids, vocabSize)
  if (checked.length > 0) return checked
  throw new DasllamaError('INVALID_ARGUMENT', 'there are no tokens to evaluate')
}

/** Zero or more token ids of a vocabulary, as an array. */
export function checkTokens(name: string, ids: ArrayLike<number>, vocabSize: number): number[] {
  const check = (id: unknown, index: number): number => {
    if (Number.isInteger(id) && (id as number) >= 0 && (id as number) < vocabSize) return id as number
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name}: token ${describeValue(id)} at index ${index} is not in the vocabulary (0 to ${vocabSize - 1})`,
    )
  }
  return readList(name, ids, check, 'an array of numbers')
}

/** An object in JSON's sense: not `null`, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isArray(value)
}

function invalid(name: string, expected: string, value: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `${name} must be ${expected}, not ${describeValue(value)}`)
}
