import { describeValue } from './describe.js'
import { DasllamaError } from './errors.js'

/** Longest list accepted from callers; longer ones are a mistake or an attack and would exhaust memory. */
const MAX_ENTRIES = 2 ** 26

/**
 * Copies the entries of an array or array-like object. `check` is called with each entry before the next is read, so that
 * a false length fails at the first missing entry. Throws `INVALID_ARGUMENT`, naming the list and `what` is expected, for a
 * value that has no length, has more than 2^26 entries or cannot be read.
 */
export function readList<T>(
  name: string,
  list: unknown,
  check: (entry: unknown, index: number) => T,
  what = 'an array',
): T[] {
  const length = lengthOf(name, list, what)
  const entries: T[] = []
  for (let i = 0; i < length; i++) {
    let entry: unknown
    try {
      entry = (list as ArrayLike<unknown>)[i]
    } catch (cause) {
      throw unreadable(name, cause)
    }
    entries.push(check(entry, i))
  }
  return entries
}

function lengthOf(name: string, list: unknown, what: string): number {
  let length: unknown
  try {
    length = typeof list === 'object' && list !== null && (list as { length?: unknown }).length
  } catch (cause) {
    throw unreadable(name, cause)
  }
  if (typeof length !== 'number') throw invalid(`${name} must be ${what}, not ${describeValue(list)}`)
  if (length > MAX_ENTRIES) {
    throw invalid(`${name} has ${length} entries; at most ${MAX_ENTRIES} are accepted`)
  }
  // As in `Array.from`.
  return Math.max(0, Math.trunc(length) || 0)
}

/** `Array.isArray`, but `false` for a revoked proxy instead of an exception. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** `instanceof`, but `false` for a revoked proxy instead of an exception. */
export function isA<T>(type: new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** Whether a value is a real Uint8Array: `instanceof` also accepts proxies and objects with its prototype. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && isA(Uint8Array, value)
}

/**
 * The own properties of options as a plain object, each read once. Throws `INVALID_ARGUMENT`, naming them, if they are not an
 * object or cannot be read.
 */
export function readOptions<T extends object>(name: string, options: T): T {
  if (typeof options !== 'object' || options === null) {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} must be an object, not ${describeValue(options)}`)
  }
  try {
    return { ...options }
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

function unreadable(name: string, cause: unknown): DasllamaError {
  return invalid(`${name} cannot be read: reading it throws an error`, cause)
}

function invalid(message: string, cause?: unknown): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', message, { cause })
}
