import { DasllamaError } from '../../errors.js'

/** Errors for a JSON Schema. `pointer` is a JSON pointer as a URI fragment: `#/properties/name`. */

export function invalidSchema(pointer: string, problem: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `JSON Schema, ${shortened(pointer)}: ${problem}`, { hint })
}

export function unsupported(pointer: string, problem: string, hint?: string): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `JSON Schema, ${shortened(pointer)}: ${problem}`, { hint })
}

export function tooLarge(pointer: string, problem: string): DasllamaError {
  return new DasllamaError('LIMIT', `JSON Schema, ${shortened(pointer)}: ${problem}`)
}

/** A pointer, or a text with one, shortened for messages: names in it may be as long as the schema. */
export function shortened(pointer: string): string {
  return pointer.length <= 200 ? pointer : `${pointer.slice(0, 100)}…${pointer.slice(-80)}`
}

/** The pointer to a member. */
export function within(pointer: string, ...keys: readonly (string | number)[]): string {
  return [pointer, ...keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')
}
