import type { Budget } from './budget.js'
import { equal, order } from './compare.js'
import type { Value } from './values.js'

/** Sorts by what `key` returns. Stable, also in reverse. */
export function sorted<T>(
  items: readonly T[],
  key: (item: T) => Value,
  budget: Budget,
  {
    reverse = false,
    equalFirst = false,
  }: {
    readonly reverse?: boolean
    /** Compare for equality first, so that equal keys of types without an order are allowed. Default: false. */
    readonly equalFirst?: boolean
  } = {},
): T[] {
  budget.items(items.length)
  budget.allocate(items.length * 64)
  const keyed = items.map((item) => ({ item, key: key(item) }))
  const sign = reverse ? -1 : 1
  const compare = (a: Value, b: Value) => (equalFirst && equal(a, b, budget) ? 0 : order(a, b, budget))
  keyed.sort((a, b) => sign * compare(a.key, b.key))
  return keyed.map(({ item }) => item)
}
