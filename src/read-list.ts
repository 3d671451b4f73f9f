import { describeValue } from './describe.js'
import { DasllamaError } from './errors.js'

/** Most entries of a list from outside; more are a mistake or an attack, and would take all memory. */
const MOST_ENTRIES = 2 ** 26

/**
 * The entries of an array, or of anything that has a `length`, as an array of its own. `check` gets each entry before the
 * next is read, so that a length that is a lie ends at the first entry that is missing. Throws `INVALID_ARGUMENT`, naming
 * the list and `what` it is to be, for what has no length, has more than 2^26 entries or cannot be read.
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
  if (typeof list !== 'object' || list === null) {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} must be ${what}, not ${describeValue(list)}`)
  }
  let length: unknown
  try {
    ;({ length } = list as { length?: unknown })
  } catch (cause) {
    throw unreadable(name, cause)
  }
  if (typeof length !== 'number') {
    throw new DasllamaError('INVALID_ARGUMENT', `${name} must be ${what}, not ${describeValue(list)}`)
  }
  if (length > MOST_ENTRIES) {
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `${name} has ${length} entries; at most ${MOST_ENTRIES} are accepted`,
    )
  }
  // As arrays are made of what is like one.
  return Math.max(0, Math.trunc(length) || 0)
}

/** `Array.isArray`, which throws for a proxy that has been revoked. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** `instanceof`, which throws for a proxy that has been revoked. */
export function isA<T>(type: new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof type
  } catch {
    return false
  }
}

/** Whether it is a real Uint8Array: `instanceof` takes a proxy of one, and what has its prototype, for one too. */
export function isBytes(value: unknown): value is Uint8Array {
  return ArrayBuffer.isView(value) && isA(Uint8Array, value)
}

/**
 * The own properties of options as a plain object, each read once. Throws `INVALID_ARGUMENT`, naming them, where they are not an
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
  return new DasllamaError(
    'INVALID_ARGUMENT',
    `${name} cannot be read: reading it throws an error of its own`,
    {
      cause,
    },
  )
}
