import { describeValue } from '../../../describe.js'
import { MAX_REPETITIONS } from '../../limits.js'
import { invalidSchema, tooLarge, within } from '../failures.js'
import {
  commonValues,
  type Flat,
  isObject,
  type Placed,
  type Schema,
  TYPES,
  type Type,
  unlimited,
  valueMap,
} from '../flat.js'
import type { Notices } from '../notices.js'
import { FORMATS } from './formats.js'
import { ANNOTATIONS, COMBINATIONS, nearest } from './keywords.js'

/** A schema's keyword: its value, location and siblings. */
export interface Keyword {
  readonly value: unknown
  readonly pointer: string
  readonly beside: Readonly<Record<string, unknown>>
}

type Writable = { -readonly [Name in keyof Flat]: Flat[Name] }

/** Adds a keyword to the flat schema. */
type Reader = (flat: Writable, keyword: Keyword, notices: Notices) => void

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['type', (flat, keyword) => (flat.types = readTypes(keyword))],
  ['enum', (flat, keyword) => (flat.values = commonValues(flat.values, valueMap(readArray(keyword))))],
  ['const', (flat, { value }) => (flat.values = commonValues(flat.values, valueMap([value])))],
  ['minLength', member('string', 'minLength', readLeast)],
  ['maxLength', member('string', 'maxLength', readMost)],
  ['pattern', mention('string', readPattern)],
  ['format', readFormat],
  ['minimum', bound('lows', 'exclusiveMinimum')],
  ['maximum', bound('highs', 'exclusiveMaximum')],
  ['exclusiveMinimum', exclusiveBound('lows')],
  ['exclusiveMaximum', exclusiveBound('highs')],
  ['multipleOf', mention('number', readStep)],
  ['minItems', member('array', 'minItems', readLeast)],
  ['maxItems', member('array', 'maxItems', readMost)],
  ['prefixItems', member('array', 'prefixItems', readSchemas)],
  ['items', mention('array', readItems)],
  ['additionalItems', mention('array', readAdditionalItems)],
  ['contains', mention('array', readContains)],
  ['minContains', mention('array', (_, keyword) => readLeast(keyword))],
  ['maxContains', mention('array', (_, keyword) => readMost(keyword))],
  ['uniqueItems', mention('array', readUnique)],
  ['unevaluatedItems', mention('array', (_, keyword) => readSchema(keyword))],
  ['properties', member('object', 'properties', readProperties)],
  ['required', readRequired],
  ['patternProperties', mention('object', (_, keyword) => readProperties(keyword))],
  ['additionalProperties', mention('object', (_, keyword) => readSchema(keyword))],
  ['propertyNames', mention('object', (flat, keyword) => (flat.propertyNames = [readSchema(keyword)]))],
  ['minProperties', member('object', 'minProperties', readLeast)],
  ['maxProperties', member('object', 'maxProperties', readMost)],
  ['unevaluatedProperties', mention('object', (_, keyword) => readSchema(keyword))],
])

/** Every supported keyword. */
const KEYWORDS: ReadonlySet<string> = new Set([...READERS.keys(), ...COMBINATIONS])

/**
 * Reads a schema's keywords, except `COMBINATIONS`. Throws `INVALID_ARGUMENT` for invalid values and `LIMIT` for counts
 * beyond `MAX_REPETITIONS`. Unknown keywords are ignored with a notice.
 */
export function readFlat(schema: Exclude<Schema, boolean>, pointer: string, notices: Notices): Flat {
  const flat: Writable = unlimited(pointer)
  for (const [name, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(name) || COMBINATIONS.has(name)) continue
    const keyword = { value, pointer: within(pointer, name), beside: schema }
    const reader = READERS.get(name)
    if (reader) reader(flat, keyword, notices)
    else {
      const meant = nearest(name, KEYWORDS)
      const question = meant === undefined ? '' : `; did you mean "${meant}"?`
      notices.add(keyword.pointer, `is ignored: it is not a keyword of JSON Schema${question}`)
    }
  }
  readScope(flat, schema)
  flat.describedItems = flat.items ? Number.POSITIVE_INFINITY : flat.prefixItems.length
  return flat
}

function readScope(flat: Writable, schema: Exclude<Schema, boolean>): void {
  const keyword = (name: string) => ({
    value: schema[name],
    pointer: within(flat.pointer, name),
    beside: schema,
  })
  const has = (name: string) => Object.hasOwn(schema, name)
  if (!has('properties') && !has('patternProperties') && !has('additionalProperties')) return
  const patterns = has('patternProperties') ? readProperties(keyword('patternProperties')) : []
  flat.scopes = [
    {
      names: new Set(flat.properties.keys()),
      patterns: Array.from(patterns, ([text, placed]) => ({
        pattern: { text, pointer: placed.pointer, negated: false, isFormat: false },
        placed,
      })),
      additional: has('additionalProperties') ? readSchema(keyword('additionalProperties')) : undefined,
    },
  ]
}

function mention(type: Type, read: Reader): Reader {
  return (flat, keyword, notices) => {
    read(flat, keyword, notices)
    flat.mentioned = new Set([...flat.mentioned, type])
  }
}

function member<Name extends keyof Flat>(
  type: Type,
  name: Name,
  read: (keyword: Keyword) => Writable[Name],
): Reader {
  return (flat, keyword) => {
    flat[name] = read(keyword)
    flat.mentioned = new Set([...flat.mentioned, type])
  }
}

/** A schema: an object or a boolean. Throws `INVALID_ARGUMENT` for anything else. */
export function readSchema({ value, pointer }: Omit<Keyword, 'beside'>): Placed {
  if (typeof value === 'boolean' || isObject(value)) return { schema: value, pointer }
  throw invalidSchema(pointer, `a schema is an object, true or false, not ${describeValue(value)}`)
}

/** A list of schemas. */
export function readSchemas(keyword: Keyword): readonly Placed[] {
  return readArray(keyword).map((value, i) => readSchema({ value, pointer: within(keyword.pointer, i) }))
}

/** Schemas by name. */
function readProperties({ value, pointer }: Keyword): ReadonlyMap<string, Placed> {
  if (!isObject(value)) throw invalidSchema(pointer, `it must be an object, not ${describeValue(value)}`)
  return new Map(
    Object.entries(value).map(([name, schema]) => [
      name,
      readSchema({ value: schema, pointer: within(pointer, name) }),
    ]),
  )
}

export function readNames({ value, pointer }: Omit<Keyword, 'beside'>): ReadonlySet<string> {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return new Set(value)
  throw invalidSchema(pointer, `it must be an array of strings, not ${describeValue(value)}`)
}

function readTypes({ value, pointer, beside }: Keyword): ReadonlySet<Type> {
  const types = Array.isArray(value) ? value : [value]
  for (const type of types) {
    if (TYPES.includes(type)) continue
    throw invalidSchema(pointer, `there is no type ${describeValue(type)}`, `there are ${TYPES.join(', ')}`)
  }
  // OpenAPI 3.0's syntax.
  return new Set(beside.nullable === true ? [...types, 'null'] : types)
}

function readArray({ value, pointer }: Keyword): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw invalidSchema(pointer, `it must be a non-empty array, not ${describeValue(value)}`)
}

function readCount({ value, pointer }: Keyword): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw invalidSchema(pointer, `it must be a whole number, 0 or more, not ${describeValue(value)}`)
}

function readLeast(keyword: Keyword): number {
  const count = readCount(keyword)
  if (count <= MAX_REPETITIONS) return count
  throw tooLarge(keyword.pointer, `${count} is more than the limit of ${MAX_REPETITIONS}`)
}

/** Maximums beyond the limit are lowered to it. */
function readMost(keyword: Keyword): number {
  return Math.min(readCount(keyword), MAX_REPETITIONS)
}

function readText({ value, pointer }: Keyword): string {
  if (typeof value === 'string') return value
  throw invalidSchema(pointer, `it must be a string, not ${describeValue(value)}`)
}

function readPattern(flat: Writable, keyword: Keyword): void {
  const pattern = { text: readText(keyword), pointer: keyword.pointer, negated: false, isFormat: false }
  flat.patterns = [...flat.patterns, pattern]
}

function readFormat(flat: Writable, keyword: Keyword, notices: Notices): void {
  const name = readText(keyword)
  const text = FORMATS.get(name)
  if (text === undefined) {
    notices.add(keyword.pointer, `is ignored: the format ${describeValue(name)} is not known here`)
    return
  }
  flat.patterns = [...flat.patterns, { text, pointer: keyword.pointer, negated: false, isFormat: true }]
  flat.mentioned = new Set([...flat.mentioned, 'string' as const])
}

/** Drafts before 6 wrote `exclusiveMinimum: true` next to `minimum`. */
function bound(side: 'lows' | 'highs', exclusiveName: string): Reader {
  return mention('number', (flat, keyword) => {
    const exclusive = keyword.beside[exclusiveName] === true
    flat[side] = [...flat[side], { value: readNumber(keyword), exclusive }]
  })
}

function exclusiveBound(side: 'lows' | 'highs'): Reader {
  return mention('number', (flat, keyword) => {
    if (typeof keyword.value === 'boolean') return
    flat[side] = [...flat[side], { value: readNumber(keyword), exclusive: true }]
  })
}

function readNumber({ value, pointer }: Keyword): number {
  if (typeof value === 'number') return value
  throw invalidSchema(pointer, `it must be a number, not ${describeValue(value)}`)
}

function readStep(flat: Writable, keyword: Keyword): void {
  const step = readNumber(keyword)
  if (step <= 0) throw invalidSchema(keyword.pointer, `it must be more than 0, not ${describeValue(step)}`)
  flat.multiples = [...flat.multiples, step]
}

/** Before 2020-12, a list of schemas in `items` meant `prefixItems`. */
function readItems(flat: Writable, keyword: Keyword): void {
  if (Array.isArray(keyword.value)) {
    if (keyword.value.length > 0) flat.prefixItems = readSchemas(keyword)
  } else flat.items = readSchema(keyword)
}

/** Used with such a list. */
function readAdditionalItems(flat: Writable, keyword: Keyword): void {
  const rest = readSchema(keyword)
  if (Array.isArray(keyword.beside.items)) flat.items = rest
}

function readContains(flat: Writable, keyword: Keyword): void {
  const { beside, pointer } = keyword
  const count = (name: string, otherwise: number) =>
    Object.hasOwn(beside, name) ? readCount({ value: beside[name], pointer, beside }) : otherwise
  const min = count('minContains', 1)
  const max = count('maxContains', Number.POSITIVE_INFINITY)
  flat.contains = [{ placed: readSchema(keyword), min, max }]
}

function readUnique(flat: Writable, { value, pointer }: Keyword): void {
  if (typeof value !== 'boolean') {
    throw invalidSchema(pointer, `it must be true or false, not ${describeValue(value)}`)
  }
  if (value) flat.unique = pointer
}

/** In draft 3, and in many hand-written schemas, it is a flag of a property. */
function readRequired(flat: Writable, keyword: Keyword, notices: Notices): void {
  if (typeof keyword.value === 'boolean') {
    notices.add(keyword.pointer, 'is ignored: it lists names, and stands beside "properties"')
    return
  }
  flat.required = readNames(keyword)
  flat.mentioned = new Set([...flat.mentioned, 'object' as const])
}
