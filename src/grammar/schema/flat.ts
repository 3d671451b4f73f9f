import type { Bound } from './types/numbers.js'

/** A schema as JSON. */
export type Schema = boolean | { readonly [keyword: string]: unknown }

export const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const

/** `number` covers `integer`. */
export type Type = (typeof TYPES)[number]

/** A schema with its location, for messages. */
export interface Placed {
  readonly schema: Schema
  readonly pointer: string
}

/** A regular expression and its location. */
export interface PlacedPattern {
  readonly text: string
  readonly pointer: string
  /** No text may match. */
  readonly negated: boolean
  readonly isFormat: boolean
}

/** One schema's keywords for object members: a name in neither of the first two belongs to the third. */
export interface Scope {
  readonly names: ReadonlySet<string>
  readonly patterns: readonly { readonly pattern: PlacedPattern; readonly placed: Placed }[]
  readonly additional: Placed | undefined
  /** Whether it comes from a negated schema: then no member counts as evaluated for `unevaluatedProperties`. */
  readonly isOpposite?: boolean
}

/** A `contains` constraint: how many items must be valid by a schema. */
export interface Contains {
  readonly placed: Placed
  readonly min: number
  readonly max: number
}

/** A schema without references and combinations: every supported keyword, read and checked. */
export interface Flat {
  readonly pointer: string
  /** `undefined`: any type. */
  readonly types: ReadonlySet<Type> | undefined
  /** Values allowed by enum and const, by canonical text. */
  readonly values: ReadonlyMap<string, unknown> | undefined
  /** Values forbidden by negated enum and const. */
  readonly excluded: ReadonlyMap<string, unknown>
  readonly minLength: number
  readonly maxLength: number
  /** Regular expressions, including those of formats. */
  readonly patterns: readonly PlacedPattern[]
  readonly lows: readonly Bound[]
  readonly highs: readonly Bound[]
  readonly multiples: readonly number[]
  readonly notMultiples: readonly number[]
  readonly minItems: number
  readonly maxItems: number
  readonly prefixItems: readonly Placed[]
  readonly items: Placed | undefined
  readonly contains: readonly Contains[]
  /** Location of `uniqueItems`. */
  readonly unique: string | undefined
  /** The combined schema of each listed name. */
  readonly properties: ReadonlyMap<string, Placed>
  readonly scopes: readonly Scope[]
  /** Schemas for the names. */
  readonly propertyNames: readonly Placed[]
  readonly required: ReadonlySet<string>
  readonly minProperties: number
  readonly maxProperties: number
  /** Items that the schema itself describes, other than by negation. */
  readonly describedItems: number
  /** Types that its keywords apply to. */
  readonly mentioned: ReadonlySet<Type>
}

/** Allows everything. */
export function unlimited(pointer: string): Flat {
  return {
    pointer,
    types: undefined,
    values: undefined,
    excluded: new Map(),
    minLength: 0,
    maxLength: Number.POSITIVE_INFINITY,
    patterns: [],
    lows: [],
    highs: [],
    multiples: [],
    notMultiples: [],
    minItems: 0,
    maxItems: Number.POSITIVE_INFINITY,
    prefixItems: [],
    items: undefined,
    contains: [],
    unique: undefined,
    properties: new Map(),
    scopes: [],
    propertyNames: [],
    required: new Set(),
    minProperties: 0,
    maxProperties: Number.POSITIVE_INFINITY,
    describedItems: 0,
    mentioned: new Set(),
  }
}

/** Whether values of both types are the same JSON type. */
export function commonTypes(
  a: ReadonlySet<Type> | undefined,
  b: ReadonlySet<Type> | undefined,
): ReadonlySet<Type> | undefined {
  if (!a || !b) return a ?? b
  const covers = (types: ReadonlySet<Type>, type: Type) =>
    types.has(type) || (type === 'integer' && types.has('number'))
  return new Set([...a, ...b].filter((type) => covers(a, type) && covers(b, type)))
}

/** The canonical text of a JSON value, independent of the order of members. */
export function valueMap(values: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(values.map((value) => [JSON.stringify(value, withSortedMembers), value]))
}

function withSortedMembers(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The values in both. */
export function commonValues(a: Flat['values'], b: Flat['values']): Flat['values'] {
  return a && b ? new Map([...a].filter(([key]) => b.has(key))) : (a ?? b)
}

export function isObject(value: unknown): value is Exclude<Schema, boolean> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The type of a JSON value. */
export function typeOf(value: unknown): Type {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value as Type
}
