import type { Budget } from './budget.js'
import { order } from './compare.js'
import type { Value } from './values.js'

/** Sorted by what `key` returns; equals stay in their order, in reverse, too. */
export function sorted<T>(
  items: readonly T[],
  key: (item: T) => Value,
  budget: Budget,
  { reverse = false }: { reverse?: boolean } = {},
): T[] {
  budget.items(items.length)
  budget.take(items.length * 64)
  const keyed = items.map((item) => ({ item, key: key(item) }))
  const sign = reverse ? -1 : 1
  keyed.sort((a, b) => sign * order(a.key, b.key, budget))
  return keyed.map(({ item }) => item)
}
