import { isRecord } from '../../checks.js'

/** Maximum number of problems reported per call. */
const MAX_PROBLEMS = 16
/** Levels of a schema that are checked; definitions may refer to themselves. */
const MAX_LEVELS = 32

/**
 * Reports where arguments do not match a tool's `parameters`. Checks `type`, `enum`, `required`, `properties` and `items` of
 * JSON Schema and ignores all other keywords. A model's mistakes are common and often harmless, so they are only reported
 * and never make a call malformed.
 */
export function checkArguments(
  args: Readonly<Record<string, unknown>>,
  parameters: Readonly<Record<string, unknown>> | undefined,
): string[] {
  const problems: string[] = []
  if (parameters) check(args, parameters, 'arguments', problems, 0)
  return problems
}

function check(value: unknown, schema: unknown, path: string, problems: string[], level: number): void {
  if (!isRecord(schema) || level === MAX_LEVELS || problems.length >= MAX_PROBLEMS) return
  const types = [schema.type].flat().filter((type) => typeof type === 'string')
  if (types.length > 0 && !types.some((type) => isOfType(value, type))) {
    problems.push(`${path} must be ${types.join(' or ')}, not ${nameOf(value)}`)
    return
  }
  if (Array.isArray(schema.enum) && !schema.enum.some((one) => isSame(one, value))) {
    problems.push(`${path} must be one of the values of its enum`)
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) check(item, schema.items, `${path}[${i}]`, problems, level + 1)
  }
  if (!isRecord(value)) return
  if (Array.isArray(schema.required)) {
    for (const key of schema.required) {
      if (typeof key === 'string' && !Object.hasOwn(value, key) && problems.length < MAX_PROBLEMS) {
        problems.push(`${path}.${key} is missing`)
      }
    }
  }
  if (!isRecord(schema.properties)) return
  for (const [key, inner] of Object.entries(schema.properties)) {
    if (Object.hasOwn(value, key)) check(value[key], inner, `${path}.${key}`, problems, level + 1)
  }
}

const TYPES: readonly string[] = ['array', 'object', 'null', 'string', 'number', 'boolean']

function isOfType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value)
  return nameOf(value) === type || !TYPES.includes(type)
}

function nameOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || (typeof a === 'object' && JSON.stringify(a) === JSON.stringify(b))
}
