import { DasllamaError } from '../../errors.js'

/** What a JSON Schema is refused for. `pointer` is a JSON pointer as a URI fragment: `#/properties/name`. */

export function invalidSchema(pointer: string, problem: string, hint?: string): DasllamaError {
  return new DasllamaError('INVALID_ARGUMENT', `JSON Schema, ${pointer}: ${problem}`, { hint })
}

export function unsupported(pointer: string, problem: string, hint?: string): DasllamaError {
  return new DasllamaError('UNSUPPORTED', `JSON Schema, ${pointer}: ${problem}`, { hint })
}

export function tooLarge(pointer: string, problem: string): DasllamaError {
  return new DasllamaError('LIMIT', `JSON Schema, ${pointer}: ${problem}`)
}

/** The pointer to a member. */
export function within(pointer: string, ...keys: readonly (string | number)[]): string {
  return [pointer, ...keys.map((key) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))].join('/')
}

/** A stranger's value in a message. */
export function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length <= 100 ? json : `${json.slice(0, 97)}…`
}
