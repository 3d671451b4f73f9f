import { MAX_REPETITIONS } from '../limits.js'
import { invalidSchema, tooLarge, unsupported, within } from './failures.js'
import {
  commonValues,
  type Flat,
  isObject,
  type Placed,
  type PlacedText,
  type Schema,
  TYPES,
  type Type,
  unlimited,
  valueMap,
} from './flat.js'
import { FORMATS } from './formats.js'

/** A schema's keyword: its value and where it stands. */
interface Keyword {
  readonly value: unknown
  readonly pointer: string
}

type Writable = { -readonly [Name in keyof Flat]: Flat[Name] }

/** Puts a keyword into what is read. */
type Reader = (flat: Writable, keyword: Keyword) => void

/** Says something about a schema, and nothing about what is valid. */
export const ANNOTATIONS: ReadonlySet<string> = new Set([
  ...['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
  ...['$schema', '$id', '$comment', '$defs', 'definitions'],
])

/** Keywords that `convert.ts` resolves before anything is read here. */
export const COMBINATIONS: ReadonlySet<string> = new Set(['$ref', 'allOf', 'anyOf', 'oneOf'])

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['type', (flat, keyword) => (flat.types = readTypes(keyword))],
  ['enum', (flat, keyword) => (flat.values = commonValues(flat.values, valueMap(readArray(keyword))))],
  ['const', (flat, { value }) => (flat.values = commonValues(flat.values, valueMap([value])))],
  ['minLength', member('string', 'minLength', readCount)],
  ['maxLength', member('string', 'maxLength', readCount)],
  ['pattern', pattern(readText)],
  ['format', pattern(readFormat)],
  ['minimum', bound('lows', false)],
  ['maximum', bound('highs', false)],
  ['exclusiveMinimum', bound('lows', true)],
  ['exclusiveMaximum', bound('highs', true)],
  ['minItems', member('array', 'minItems', readCount)],
  ['maxItems', member('array', 'maxItems', readCount)],
  ['prefixItems', member('array', 'prefixItems', readSchemas)],
  ['items', member('array', 'items', readItems)],
  ['uniqueItems', mention('array', (_, keyword) => readFalse(keyword))],
  ['properties', member('object', 'properties', readProperties)],
  ['required', member('object', 'required', readNames)],
  ['additionalProperties', member('object', 'additional', readSchema)],
])

/**
 * Reads a schema's own keywords, all but `COMBINATIONS`. Throws `INVALID_ARGUMENT` for values that their keywords cannot
 * have, `UNSUPPORTED` for keywords that are not in the table, `LIMIT` for counts beyond `MAX_REPETITIONS`.
 */
export function readFlat(schema: Exclude<Schema, boolean>, pointer: string): Flat {
  const flat: Writable = unlimited(pointer)
  for (const [name, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(name) || COMBINATIONS.has(name) || name.startsWith('x-')) continue
    const keyword = { value, pointer: within(pointer, name) }
    const reader = READERS.get(name)
    if (!reader) {
      throw unsupported(
        keyword.pointer,
        `the keyword "${name}" is not supported`,
        `supported are ${[...READERS.keys(), ...COMBINATIONS].join(', ')}`,
      )
    }
    reader(flat, keyword)
  }
  return flat
}

function mention(type: Type, read: Reader): Reader {
  return (flat, keyword) => {
    read(flat, keyword)
    flat.mentioned = new Set([...flat.mentioned, type])
  }
}

function member<Name extends keyof Flat>(
  type: Type,
  name: Name,
  read: (keyword: Keyword) => Writable[Name],
): Reader {
  return mention(type, (flat, keyword) => {
    flat[name] = read(keyword)
  })
}

function pattern(read: (keyword: Keyword) => PlacedText): Reader {
  return mention('string', (flat, keyword) => {
    flat.patterns = [...flat.patterns, read(keyword)]
  })
}

/** A schema as JSON has it. Throws `INVALID_ARGUMENT` for anything else. */
export function readSchema({ value, pointer }: Keyword): Placed {
  if (typeof value === 'boolean' || isObject(value)) return { schema: value, pointer }
  throw invalidSchema(pointer, `a schema is an object, true or false, not ${shown(value)}`)
}

/** A list of them. */
export function readSchemas(keyword: Keyword): readonly Placed[] {
  return readArray(keyword).map((value, i) => readSchema({ value, pointer: within(keyword.pointer, i) }))
}

function readItems(keyword: Keyword): Placed {
  if (!Array.isArray(keyword.value)) return readSchema(keyword)
  throw unsupported(
    keyword.pointer,
    'a list of schemas is not supported',
    'since 2020-12 it is called prefixItems',
  )
}

function readTypes({ value, pointer }: Keyword): ReadonlySet<Type> {
  const types = Array.isArray(value) ? value : [value]
  for (const type of types) {
    if (TYPES.includes(type)) continue
    throw invalidSchema(pointer, `there is no type ${shown(type)}`, `there are ${TYPES.join(', ')}`)
  }
  return new Set(types)
}

function readArray({ value, pointer }: Keyword): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value
  throw invalidSchema(pointer, `it must be an array with something in it, not ${shown(value)}`)
}

function readCount({ value, pointer }: Keyword): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw invalidSchema(pointer, `it must be a whole number from 0 on, not ${shown(value)}`)
  }
  if (value <= MAX_REPETITIONS) return value
  throw tooLarge(pointer, `${value} is more than the limit of ${MAX_REPETITIONS}`)
}

function readText({ value, pointer }: Keyword): PlacedText {
  if (typeof value === 'string') return { text: value, pointer }
  throw invalidSchema(pointer, `it must be a string, not ${shown(value)}`)
}

function readFormat(keyword: Keyword): PlacedText {
  const { text, pointer } = readText(keyword)
  const pattern = FORMATS.get(text)
  if (pattern !== undefined) return { text: pattern, pointer }
  throw unsupported(
    pointer,
    `the format ${shown(text)} is not supported`,
    `supported are ${[...FORMATS.keys()].join(', ')}`,
  )
}

function bound(side: 'lows' | 'highs', exclusive: boolean): Reader {
  return mention('number', (flat, { value, pointer }) => {
    if (typeof value !== 'number') throw invalidSchema(pointer, `it must be a number, not ${shown(value)}`)
    flat[side] = [...flat[side], { value, exclusive }]
  })
}

function readFalse({ value, pointer }: Keyword): void {
  if (value === false) return
  if (value !== true) throw invalidSchema(pointer, `it must be true or false, not ${shown(value)}`)
  throw unsupported(pointer, 'items that must differ are not supported')
}

function readProperties({ value, pointer }: Keyword): ReadonlyMap<string, Placed> {
  if (!isObject(value)) throw invalidSchema(pointer, `it must be an object, not ${shown(value)}`)
  return new Map(
    Object.entries(value).map(([name, schema]) => [
      name,
      readSchema({ value: schema, pointer: within(pointer, name) }),
    ]),
  )
}

function readNames({ value, pointer }: Keyword): ReadonlySet<string> {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return new Set(value)
  throw invalidSchema(pointer, `it must be an array of strings, not ${shown(value)}`)
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 60)
}
