import { isRecord } from '../../checks.js'
import { parseLenient } from './json-scanner.js'

/** Levels of references and alternatives that are followed. */
const MAX_LEVELS = 16
/** Total number of schemas that are visited. */
const MAX_ALTERNATIVES = 256

/** The types that a schema allows. */
export interface ValueTypes {
  readonly types: ReadonlySet<string>
  /** Strings in `enum` and `const`. */
  readonly texts: ReadonlySet<string>
}

/**
 * The types of a tool's parameter, by `type`, `enum`, `const`, `anyOf`, `oneOf`, `allOf`, `nullable` and references within the
 * schema; `undefined` if the schema allows any type. For formats that write values without quotes, where only the schema
 * shows whether `5` is a string.
 */
export function valueTypes(
  parameters: Readonly<Record<string, unknown>> | undefined,
  key: string,
): ValueTypes | undefined {
  const properties = parameters?.properties
  if (!isRecord(properties) || !Object.hasOwn(properties, key)) return undefined
  return schemaTypes(properties[key], parameters as Record<string, unknown>)
}

/** The types that `schema`, a part of `root`, allows; `undefined` if it allows any type. */
export function schemaTypes(schema: unknown, root: Record<string, unknown>): ValueTypes | undefined {
  const found = { types: new Set<string>(), texts: new Set<string>(), isOpen: false, left: MAX_ALTERNATIVES }
  collect(schema, root, found, 0)
  return found.isOpen || found.types.size === 0 ? undefined : found
}

/**
 * The schema of a property, or of the items of a list if `key` is undefined, within `schema`, a part of `root`; `undefined` if
 * it has none.
 */
export function memberSchema(
  schema: unknown,
  root: Record<string, unknown>,
  key: string | undefined,
): unknown {
  const left: { schema: unknown; level: number }[] = [{ schema, level: 0 }]
  for (let i = 0; i < left.length && i < MAX_ALTERNATIVES; i++) {
    const { schema, level } = left[i]
    if (!isRecord(schema) || level === MAX_LEVELS) continue
    const { properties, items } = schema
    if (key === undefined && items !== undefined) return items
    if (key !== undefined && isRecord(properties) && Object.hasOwn(properties, key)) return properties[key]
    const referred = typeof schema.$ref === 'string' ? [referenced(schema.$ref, root)] : []
    const alternatives = [schema.anyOf, schema.oneOf, schema.allOf].filter(Array.isArray).flat()
    for (const one of [...referred, ...alternatives]) left.push({ schema: one, level: level + 1 })
  }
  return undefined
}

interface Found {
  readonly types: Set<string>
  readonly texts: Set<string>
  /** Some alternative allows any type. */
  isOpen: boolean
  left: number
}

function collect(schema: unknown, root: Record<string, unknown>, found: Found, level: number): void {
  if (!isRecord(schema) || level === MAX_LEVELS || found.left-- <= 0) {
    found.isOpen = true
    return
  }
  if (schema.nullable === true) found.types.add('null')
  const constants = Array.isArray(schema.enum) ? schema.enum : 'const' in schema ? [schema.const] : undefined
  const named = [schema.type].flat().filter((type): type is string => typeof type === 'string')
  const alternatives = [schema.anyOf, schema.oneOf].find(Array.isArray)
  if (named.length > 0) for (const type of named) found.types.add(type)
  if (constants) {
    for (const value of constants) {
      if (named.length === 0) found.types.add(typeOf(value))
      if (typeof value === 'string') found.texts.add(value)
    }
  } else if (named.length > 0) return
  else if (typeof schema.$ref === 'string') collect(referenced(schema.$ref, root), root, found, level + 1)
  else if (alternatives) for (const one of alternatives) collect(one, root, found, level + 1)
  else if (Array.isArray(schema.allOf)) {
    // All of them must hold, so the first one with a type is enough.
    const typed = schema.allOf.find(
      (one) => isRecord(one) && (one.type !== undefined || one.$ref !== undefined),
    )
    collect(typed ?? schema.allOf[0], root, found, level + 1)
  } else if (isRecord(schema.properties)) found.types.add('object')
  else if (schema.items !== undefined) found.types.add('array')
  else found.isOpen = true
}

function referenced(pointer: string, root: Record<string, unknown>): unknown {
  if (!pointer.startsWith('#/')) return undefined
  let at: unknown = root
  for (const step of pointer.slice(2).split('/')) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~')
    at = isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }
  return at
}

/** Whether the value can only be a string, so that it can be streamed. */
export function isText(types: ValueTypes | undefined): boolean {
  return types?.types.size === 1 && types.types.has('string')
}

/**
 * Converts text without quotes to a value. Strings stay unchanged; anything else is parsed as JSON or Python, and stays a
 * string if the result does not have one of the types. Without types: JSON if it is valid, otherwise a string.
 */
export function typedValue(text: string, types: ValueTypes | undefined): unknown {
  if (types && (isText(types) || types.texts.has(text))) return text
  const trimmed = text.trim()
  const value = parseLenient(/^(true|false|null)$/i.test(trimmed) ? trimmed.toLowerCase() : trimmed)
  if (value === undefined) return text
  if (!types) return value
  const type = typeOf(value)
  if (types.types.has(type) || (type === 'integer' && types.types.has('number'))) {
    // A quoted string that may be a string keeps its quotes.
    return type === 'string' ? text : value
  }
  return types.types.has('string') || typeof value !== 'string' ? text : typedText(value, types)
}

/** Converts a quoted string where no string is allowed, such as `"5"` for a number. */
function typedText(text: string, { types }: ValueTypes): unknown {
  const value = parseLenient(text)
  return value !== undefined && types.has(typeOf(value)) ? value : text
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
