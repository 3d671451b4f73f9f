import { commonTypes, type Flat, isObject, type Placed, TYPES, typeOf, valueMap } from './flat.js'
import type { Resolver } from './resolve/resolve.js'
import { isMultiple, isWithin } from './types/numbers.js'
import type { Strings } from './types/strings.js'

/** Context of a value's validation. */
interface Context {
  readonly resolver: Resolver
  readonly strings: Strings
}

/** Whether a value of `enum` or `const` is valid by a flat schema, according to the specification. */
export function fits(value: unknown, flat: Flat, context: Context): boolean {
  const type = typeOf(value)
  if (commonTypes(flat.types ?? new Set(TYPES), new Set([type]))?.size === 0) return false
  const [key] = valueMap([value]).keys()
  if ((flat.values && !flat.values.has(key)) || flat.excluded.has(key)) return false
  if (typeof value === 'string') return fitsString(value, flat, context)
  if (typeof value === 'number') {
    const { lows, highs, multiples, notMultiples } = flat
    return (
      isWithin(value, lows, highs) &&
      multiples.every((step) => isMultiple(value, step)) &&
      !notMultiples.some((step) => isMultiple(value, step))
    )
  }
  if (Array.isArray(value)) return fitsArray(value, flat, context)
  return !isObject(value) || fitsObject(value, flat, context)
}

function isValid(value: unknown, placed: Placed, context: Context): boolean {
  return context.resolver.alternatives(placed).some((flat) => fits(value, flat, context))
}

function fitsString(value: string, { minLength, maxLength, patterns }: Flat, { strings }: Context): boolean {
  const { length } = Array.from(value)
  return (
    length >= minLength && length <= maxLength && patterns.every((pattern) => strings.matches(pattern, value))
  )
}

function fitsArray(value: readonly unknown[], flat: Flat, context: Context): boolean {
  const { minItems, maxItems, prefixItems, items, contains, unique } = flat
  return (
    value.length >= minItems &&
    value.length <= maxItems &&
    value.every((each, i) => {
      const placed = prefixItems[i] ?? items
      return !placed || isValid(each, placed, context)
    }) &&
    contains.every(({ placed, min, max }) => {
      const count = value.filter((each) => isValid(each, placed, context)).length
      return count >= min && count <= max
    }) &&
    (unique === undefined || valueMap(value).size === value.length)
  )
}

function fitsObject(value: Readonly<Record<string, unknown>>, flat: Flat, context: Context): boolean {
  const names = Object.keys(value)
  return (
    names.length >= flat.minProperties &&
    names.length <= flat.maxProperties &&
    [...flat.required].every((name) => Object.hasOwn(value, name)) &&
    names.every((name) => {
      const placed = context.resolver.member(flat, name)
      return (
        (!placed || isValid(value[name], placed, context)) &&
        flat.propertyNames.every((each) => isValid(name, each, context))
      )
    })
  )
}
