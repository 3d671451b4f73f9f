import { DasllamaError } from '../../errors.js'
import { Float, integer } from './numbers.js'
import { type Provenance, Text } from './text.js'
import { Dict, List, type Value } from './values.js'

/** Nesting depth of objects and arrays. */
const MAX_NESTING = 64

/** Converts plain JSON data to a value, all of whose texts have this provenance. Throws `INVALID_ARGUMENT`. */
export function toValue(data: unknown, provenance: Provenance, what: string, depth = 0): Value {
  const refuse = (problem: string) => new DasllamaError('INVALID_ARGUMENT', `${what}: ${problem}`)
  if (depth > MAX_NESTING) throw refuse(`more than ${MAX_NESTING} levels of objects and arrays`)
  const inner = (item: unknown) => toValue(item, provenance, what, depth + 1)
  switch (typeof data) {
    case 'string':
      return Text.of(data, provenance)
    case 'boolean':
      return data
    case 'bigint':
      return integer(data)
    case 'number':
      if (!Number.isFinite(data)) throw refuse(`${data} is not a number that JSON can express`)
      return Number.isSafeInteger(data) ? integer(data) : new Float(data)
    case 'object':
      if (data === null) return null
      if (Array.isArray(data)) return new List(data.map(inner))
      return new Dict(
        Object.entries(data)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) => [Text.of(key, provenance), inner(value)] as const),
      )
    default:
      throw refuse(`a ${typeof data} is not a value that JSON can express`)
  }
}
