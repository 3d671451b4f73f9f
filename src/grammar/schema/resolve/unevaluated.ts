import { type Flat, type Placed, unlimited } from '../flat.js'
import { type Keyword, readSchema } from '../read/read.js'
import { merged, type Parts } from './merge.js'

export const UNEVALUATED: readonly string[] = ['unevaluatedProperties', 'unevaluatedItems']

/**
 * Applies a schema's unevaluatedProperties and unevaluatedItems to members and items that neither it nor its branches
 * describe. Sibling schemas are merged later and do not count.
 */
export function closed(flat: Flat, keyword: (name: string) => Keyword, parts: Parts): Flat {
  const [properties, items] = UNEVALUATED.map((name) =>
    Object.hasOwn(keyword(name).beside, name) ? readSchema(keyword(name)) : undefined,
  )
  const withMembers = properties ? closedMembers(flat, properties, parts) : flat
  return items ? closedItems(withMembers, items, parts) : withMembers
}

function closedMembers(flat: Flat, placed: Placed, parts: Parts): Flat {
  const scopes = flat.scopes.filter(({ isOpposite }) => !isOpposite)
  if (scopes.some(({ additional }) => additional)) return flat
  const free: Placed = { schema: true, pointer: placed.pointer }
  const names = new Set(scopes.flatMap((scope) => [...scope.names]))
  const patterns = scopes.flatMap((scope) => scope.patterns.map(({ pattern }) => ({ pattern, placed: free })))
  const limit: Flat = {
    ...unlimited(flat.pointer),
    properties: new Map(Array.from(names, (name) => [name, free])),
    scopes: [{ names, patterns, additional: placed }],
  }
  return merged(flat, limit, parts) ?? flat
}

function closedItems(flat: Flat, placed: Placed, parts: Parts): Flat {
  if (flat.describedItems === Number.POSITIVE_INFINITY) return flat
  return {
    ...flat,
    prefixItems: flat.prefixItems.map((item, i) =>
      i < flat.describedItems ? item : parts.both(item, placed),
    ),
    items: flat.items ? parts.both(flat.items, placed) : placed,
    describedItems: Number.POSITIVE_INFINITY,
  }
}
