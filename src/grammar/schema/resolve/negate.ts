import { type Flat, type Placed, TYPES, type Type, unlimited } from '../flat.js'

/** The result of negating a schema. */
export interface Negation {
  /** Schemas of which one holds if the schema does not. */
  readonly options: readonly Flat[]
  /** Keywords that cannot be negated; values that only they forbid are left out. */
  readonly leftOut: readonly string[]
}

/** The negation of a schema. */
export type Not = (placed: Placed) => Placed

/** Every value has one of these. */
const ALL: readonly Type[] = TYPES.filter((type) => type !== 'integer')

/** The negation of `flat` as alternatives: one per negated keyword. */
export function negated(flat: Flat, not: Not): Negation {
  const all: Flat[] = []
  const leftOut: string[] = []
  const add = (type: Type | undefined, parts: Partial<Flat>) => {
    const types = new Set(type === undefined ? ALL : [type])
    const mentioned = new Set(type === undefined ? [] : [type])
    all.push({ ...unlimited(flat.pointer), types, mentioned, ...parts })
  }
  if (flat.types) {
    const { types } = flat
    const others = ALL.filter((type) => !types.has(type))
    // Non-integer numbers.
    if (types.has('integer') && !types.has('number')) {
      add('number', { notMultiples: [1] })
      others.splice(others.indexOf('number'), 1)
    }
    if (others.length > 0) add(undefined, { types: new Set(others) })
  }
  if (flat.values) add(undefined, { excluded: flat.values })
  if (flat.excluded.size > 0) add(undefined, { values: flat.excluded })
  if (flat.minLength > 0) add('string', { maxLength: flat.minLength - 1 })
  if (flat.maxLength < Number.POSITIVE_INFINITY) add('string', { minLength: flat.maxLength + 1 })
  for (const pattern of flat.patterns) {
    // Validators may or may not check formats, so nothing may depend on one being violated.
    if (pattern.isFormat) leftOut.push('format')
    else add('string', { patterns: [{ ...pattern, negated: !pattern.negated }] })
  }
  for (const { value, exclusive } of flat.lows) add('number', { highs: [{ value, exclusive: !exclusive }] })
  for (const { value, exclusive } of flat.highs) add('number', { lows: [{ value, exclusive: !exclusive }] })
  for (const step of flat.multiples) add('number', { notMultiples: [step] })
  for (const step of flat.notMultiples) add('number', { multiples: [step] })
  negateArray(flat, add, not, leftOut)
  negateObject(flat, add, not, leftOut)
  return { options: all, leftOut }
}

type Add = (type: Type | undefined, parts: Partial<Flat>) => void

function negateArray(flat: Flat, add: Add, not: Not, leftOut: string[]): void {
  const { pointer } = flat
  if (flat.minItems > 0) add('array', { maxItems: flat.minItems - 1 })
  if (flat.maxItems < Number.POSITIVE_INFINITY) add('array', { minItems: flat.maxItems + 1 })
  const free: Placed = { schema: true, pointer }
  for (const [i, placed] of flat.prefixItems.entries()) {
    const prefixItems = [...Array.from({ length: i }, () => free), not(placed)]
    add('array', { prefixItems, minItems: i + 1 })
  }
  if (flat.items && flat.prefixItems.length === 0) {
    add('array', {
      contains: [{ placed: not(flat.items), min: 1, max: Number.POSITIVE_INFINITY }],
      items: free,
    })
  } else if (flat.items?.schema === false) {
    add('array', { minItems: flat.prefixItems.length + 1, items: free })
  } else if (flat.items) leftOut.push('items')
  for (const { placed, min, max } of flat.contains) {
    if (min > 0) add('array', { contains: [{ placed, min: 0, max: min - 1 }] })
    if (max < Number.POSITIVE_INFINITY) {
      add('array', { contains: [{ placed, min: max + 1, max: Number.POSITIVE_INFINITY }] })
    }
  }
  if (flat.unique !== undefined) leftOut.push('uniqueItems')
}

function negateObject(flat: Flat, add: Add, not: Not, leftOut: string[]): void {
  const { pointer } = flat
  for (const name of flat.required)
    add('object', { properties: new Map([[name, { schema: false, pointer }]]) })
  for (const [name, placed] of flat.properties) {
    if (placed.schema === true) continue
    add('object', { properties: new Map([[name, not(placed)]]), required: new Set([name]) })
  }
  if (flat.minProperties > 0) add('object', { maxProperties: flat.minProperties - 1 })
  if (flat.maxProperties < Number.POSITIVE_INFINITY) {
    add('object', { minProperties: flat.maxProperties + 1 })
  }
  for (const { names, patterns, additional } of flat.scopes) {
    if (patterns.length > 0) leftOut.push('patternProperties')
    if (!additional || additional.schema === true) continue
    if (names.size > 0 || patterns.length > 0) leftOut.push('additionalProperties')
    else if (additional.schema === false) add('object', { minProperties: 1 })
    else leftOut.push('additionalProperties')
  }
  if (flat.propertyNames.length > 0) leftOut.push('propertyNames')
}
