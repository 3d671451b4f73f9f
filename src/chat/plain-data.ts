import { DasllamaError } from '../errors.js'

/** A copy by way of JSON. Throws `INVALID_ARGUMENT` for what JSON cannot write. */
export function copied<T>(value: T, where: string): T {
  try {
    return JSON.parse(JSON.stringify(value))
  } catch (cause) {
    throw new DasllamaError('INVALID_ARGUMENT', `${where} cannot be written as JSON`, { cause })
  }
}
