import { type Getter, getterOf, gettersOf } from '../attributes.js'
import type { Budget } from '../budget.js'
import { characters, iterate, lengthOf, pairsOf } from '../collections.js'
import { equal, order, undefinedUsed } from '../compare.js'
import { templateFailed, templateNeeds } from '../failures.js'
import { calculate, numeric } from '../numbers.js'
import { operate } from '../operators.js'
import { sorted } from '../order.js'
import { any, filter, flag, int, type Operation, printed, text } from '../parameters.js'
import { str } from '../repr.js'
import { join, recase } from '../strings/change.js'
import { Text } from '../text.js'
import { CASES } from '../unicode.js'
import {
  Callable,
  Dict,
  Group,
  hashed,
  List,
  orUndefined,
  typeName,
  Undefined,
  type Value,
} from '../values.js'

type Filter = Operation<Value>

function lengthFilter(value: Value, _: object, budget: Budget, name: string): number {
  if (value instanceof Text) {
    budget.scan(value.length)
    return lengthOf(value)
  }
  if (value instanceof List) return value.items.length
  if (value instanceof Dict) return value.size
  if (value instanceof Undefined) return iterate(value, name, budget).length
  // The variable `loop` also has a length.
  const length = value instanceof Callable ? value.get('length') : undefined
  if (typeof length === 'number') return length
  throw templateFailed(`${name} cannot be applied to ${typeName(value)}`)
}

/** Converts strings to lower case for case-insensitive comparison. */
function ignoringCase(budget: Budget): Getter {
  return (value) => (value instanceof Text ? recase(value, CASES.lower, budget) : value)
}

const sort = filter(
  { reverse: int.or(0), case_sensitive: flag.or(false), attribute: any.or(null) },
  (value, { reverse, case_sensitive, attribute }, budget) => {
    const getters = gettersOf(attribute, budget, {
      change: case_sensitive ? undefined : ignoringCase(budget),
    })
    const key = (item: Value) =>
      getters.length === 1 ? getters[0](item) : new List(getters.map((getter) => getter(item)))
    return new List(
      sorted(iterate(value, 'sort', budget), key, budget, { reverse: reverse !== 0, equalFirst: true }),
    )
  },
)

const dictSort = filter(
  { case_sensitive: flag.or(false), by: text.or(Text.of('key')), reverse: int.or(0) },
  (value, { case_sensitive, by, reverse }, budget) => {
    if (by.text !== 'key' && by.text !== 'value') throw templateFailed('dictsort sorts by "key" or "value"')
    if (value instanceof Undefined) throw undefinedUsed(value)
    if (!(value instanceof Dict)) throw templateFailed(`dictsort cannot be applied to ${typeName(value)}`)
    const change = case_sensitive ? undefined : ignoringCase(budget)
    const side = by.text === 'key' ? 0 : 1
    const key = (pair: List) => (change ? change(pair.items[side]) : pair.items[side])
    return new List(sorted(pairsOf(value, budget), key, budget, { reverse: reverse !== 0 }))
  },
)

const unique = filter(
  { case_sensitive: flag.or(false), attribute: any.or(null) },
  (value, { case_sensitive, attribute }, budget) => {
    const getter = getterOf(attribute, budget, { change: case_sensitive ? undefined : ignoringCase(budget) })
    const items = iterate(value, 'unique', budget)
    budget.members(items.length)
    const seen = new Set<unknown>()
    const kept = items.filter((item) => {
      const key = getter(item)
      budget.key(key)
      const hash = hashed(key)
      if (hash === undefined) throw templateFailed(`unique: ${typeName(key)} is not hashable`)
      if (seen.has(hash)) return false
      seen.add(hash)
      return true
    })
    return new List(kept)
  },
)

/** The largest or smallest item; the first of equal ones. */
const extreme = (sign: 1 | -1): Filter =>
  filter(
    { case_sensitive: flag.or(false), attribute: any.or(null) },
    (value, { case_sensitive, attribute }, budget, name) => {
      const getter = getterOf(attribute, budget, {
        change: case_sensitive ? undefined : ignoringCase(budget),
      })
      let best: { item: Value; key: Value } | undefined
      for (const item of iterate(value, name, budget)) {
        budget.spend(1)
        const key = getter(item)
        if (best === undefined || sign * order(key, best.key, budget) > 0) best = { item, key }
      }
      return orUndefined(best?.item, `${name} of an empty sequence`)
    },
  )

const sum = filter({ attribute: any.or(null), start: any.or(0) }, (value, { attribute, start }, budget) => {
  if (start instanceof Text) throw templateFailed('sum cannot be applied to strings; use join')
  const getter = getterOf(attribute, budget)
  let total: Value = start
  for (const item of iterate(value, 'sum', budget)) {
    budget.spend(2)
    const term: Value = getter(item)
    const small: number | undefined =
      typeof total === 'number' && typeof term === 'number' ? total + term : undefined
    // Fast path: most sums are of small integers.
    total = Number.isSafeInteger(small) ? small! : operate('+', total, term, budget)
  }
  return total
})

const groupBy = filter(
  { attribute: any, default: any.or(null), case_sensitive: flag.or(false) },
  (value, { attribute, default: fallback, case_sensitive }, budget) => {
    const getter = getterOf(attribute, budget, {
      fallback,
      change: case_sensitive ? undefined : ignoringCase(budget),
    })
    const printedAs = getterOf(attribute, budget, { fallback })
    const groups: { key: Value; items: Value[] }[] = []
    for (const item of sorted(iterate(value, 'groupby', budget), getter, budget)) {
      const key = getter(item)
      const group = groups.at(-1)
      if (group && equal(group.key, key, budget)) group.items.push(item)
      else {
        budget.members(1)
        groups.push({ key, items: [item] })
      }
    }
    return new List(groups.map(({ items }) => new Group(printedAs(items[0]), new List(items))))
  },
)

const batch = filter({ linecount: any, fill_with: any.or(null) }, (value, given, budget) => {
  const { linecount, fill_with: filling } = given
  const items = iterate(value, 'batch', budget)
  const count = Number(numeric(linecount) ?? 0)
  // As in Jinja: size 0 gives an empty batch and then one with all items; a size that is not a positive integer is never reached.
  const isLength = Number.isInteger(count) && count > 0
  const size = isLength ? count : Math.max(items.length, 1)
  budget.members(Math.ceil(items.length / size))
  budget.items(items.length)
  const batches: Value[] =
    count === 0 && items.length > 0 && numeric(linecount) !== undefined ? [new List([])] : []
  for (let start = 0; start < items.length; start += size) {
    const batch = items.slice(start, start + size)
    const missing =
      filling === null ? 0 : Math.max(0, Number(calculate('-', linecount, batch.length, budget) ?? 0))
    budget.items(missing)
    batches.push(
      new List(missing === 0 ? batch : [...batch, ...Array.from({ length: missing }, () => filling)]),
    )
  }
  return new List(batches)
})

const sliced = filter({ slices: int, fill_with: any.or(null) }, (value, given, budget) => {
  const { slices: count, fill_with: filling } = given
  const items = iterate(value, 'slice', budget)
  if (count === 0) throw templateFailed('slice: the number of slices is 0')
  budget.members(Math.max(0, count))
  budget.items(items.length)
  const size = Math.floor(items.length / count)
  const longer = items.length % count
  const slices: Value[] = []
  let start = 0
  for (let i = 0; i < count; i++) {
    const end = start + size + (i < longer ? 1 : 0)
    const part = items.slice(start, end)
    slices.push(new List(filling !== null && i >= longer ? [...part, filling] : part))
    start = end
  }
  return new List(slices)
})

function reversed(value: Value, _: object, budget: Budget): Value {
  const items = value instanceof Text ? characters(value, budget) : iterate(value, 'reverse', budget)
  budget.items(items.length)
  const result = [...items].reverse()
  return value instanceof Text ? Text.join(result as Text[]) : new List(result)
}

const atEnd = (end: 'first' | 'last'): Filter =>
  filter({}, (value, _, budget) => {
    const items = iterate(value, end, budget)
    return orUndefined(end === 'first' ? items[0] : items.at(-1), `${end} of an empty sequence`)
  })

const joined = filter(
  { d: printed.or(Text.EMPTY), attribute: any.or(null) },
  (value, { d, attribute }, budget) => {
    const getter = getterOf(attribute, budget)
    const items = iterate(value, 'join', budget)
    budget.items(items.length)
    return join(items.map(getter), d, budget, (item) => str(item, budget))
  },
)

export const LIST_FILTERS: Readonly<Record<string, Filter>> = {
  length: filter({}, lengthFilter),
  count: filter({}, lengthFilter),
  first: atEnd('first'),
  last: atEnd('last'),
  join: joined,
  list: filter({}, (value, _, budget) => {
    const items = iterate(value, 'list', budget)
    budget.items(items.length)
    return new List(items)
  }),
  reverse: filter({}, reversed),
  sort,
  dictsort: dictSort,
  unique,
  max: extreme(1),
  min: extreme(-1),
  sum,
  groupby: groupBy,
  batch,
  slice: sliced,
  items: filter({}, (value, _, budget) => {
    if (value instanceof Undefined) return new List(iterate(value, 'items', budget))
    if (!(value instanceof Dict)) throw templateFailed(`items cannot be applied to ${typeName(value)}`)
    return new List(pairsOf(value, budget))
  }),
  random: () => {
    throw templateNeeds('filter', 'random', Object.keys(LIST_FILTERS))
  },
}
