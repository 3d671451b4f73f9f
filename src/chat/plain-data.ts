import { DasllamaError } from '../errors.js'

/** A copy through JSON. Throws `INVALID_ARGUMENT` for values that cannot be serialized. */
export function jsonCopy<T>(value: T, where: string): T {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${where} cannot be serialized as JSON`, { cause })
  }
}
