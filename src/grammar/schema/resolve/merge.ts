import { commonTypes, commonValues, type Flat, type Placed } from '../flat.js'
import type { Bound } from '../types/numbers.js'

/** Context for merging subschemas. */
export interface Parts {
  /** The conjunction of two schemas. */
  both(a: Placed, b: Placed): Placed
  /** The schema of a member. */
  member(flat: Flat, name: string): Placed | undefined
}

/** The conjunction of two flat schemas; `undefined` if it is unsatisfiable. */
export function merged(a: Flat, b: Flat, parts: Parts): Flat | undefined {
  const types = commonTypes(a.types, b.types)
  const values = commonValues(a.values, b.values)
  if (types?.size === 0 || values?.size === 0) return undefined
  return {
    pointer: a.pointer,
    types,
    values,
    excluded: new Map([...a.excluded, ...b.excluded]),
    minLength: Math.max(a.minLength, b.minLength),
    maxLength: Math.min(a.maxLength, b.maxLength),
    patterns: [
      ...a.patterns,
      ...b.patterns.filter(({ text, negated }) =>
        a.patterns.every((other) => other.text !== text || other.negated !== negated),
      ),
    ],
    lows: strictest([...a.lows, ...b.lows], 1),
    highs: strictest([...a.highs, ...b.highs], -1),
    multiples: [...new Set([...a.multiples, ...b.multiples])],
    notMultiples: [...new Set([...a.notMultiples, ...b.notMultiples])],
    minItems: Math.max(a.minItems, b.minItems),
    maxItems: Math.min(a.maxItems, b.maxItems),
    prefixItems: mergedPrefixes(a, b, parts),
    items: either(a.items, b.items, parts),
    contains: [...a.contains, ...b.contains],
    unique: a.unique ?? b.unique,
    properties: mergedProperties(a, b, parts),
    scopes: [...a.scopes, ...b.scopes],
    propertyNames: [...a.propertyNames, ...b.propertyNames],
    required: new Set([...a.required, ...b.required]),
    minProperties: Math.max(a.minProperties, b.minProperties),
    maxProperties: Math.min(a.maxProperties, b.maxProperties),
    describedItems: Math.max(a.describedItems, b.describedItems),
    mentioned: new Set([...a.mentioned, ...b.mentioned]),
  }
}

function either(a: Placed | undefined, b: Placed | undefined, parts: Parts): Placed | undefined {
  return a && b ? parts.both(a, b) : (a ?? b)
}

/** The strictest of several bounds. `sign`: 1 for lower bounds. */
function strictest(bounds: readonly Bound[], sign: 1 | -1): readonly Bound[] {
  if (bounds.length < 2) return bounds
  const isStricter = (a: Bound, b: Bound) =>
    a.value === b.value ? a.exclusive && !b.exclusive : sign * (a.value - b.value) > 0
  return [bounds.reduce((strict, each) => (isStricter(each, strict) ? each : strict))]
}

function mergedPrefixes(a: Flat, b: Flat, parts: Parts): readonly Placed[] {
  const length = Math.max(a.prefixItems.length, b.prefixItems.length)
  return Array.from({ length }, (_, i) => {
    const [one, other] = [a, b].map(({ prefixItems, items }) => prefixItems[i] ?? items)
    return either(one, other, parts) ?? { schema: true, pointer: a.pointer }
  })
}

function mergedProperties(a: Flat, b: Flat, parts: Parts): ReadonlyMap<string, Placed> {
  const all = new Map<string, Placed>()
  for (const name of [...a.properties.keys(), ...b.properties.keys()]) {
    if (all.has(name)) continue
    all.set(name, either(parts.member(a, name), parts.member(b, name), parts)!)
  }
  return all
}
