import type { Budget } from './budget.js'
import { truthy } from './compare.js'
import { templateNeeds } from './failures.js'
import { JSON_FILTERS } from './filters/json-filters.js'
import { LIST_FILTERS } from './filters/list-filters.js'
import { MARKUP_FILTERS } from './filters/markup-filters.js'
import { NUMBER_FILTERS } from './filters/number-filters.js'
import { selectingFilters } from './filters/selecting-filters.js'
import { TEXT_FILTERS } from './filters/text-filters.js'
import { ownAttribute } from './members.js'
import { any, filter, flag, type Operation, text } from './parameters.js'
import { Text } from './text.js'
import { type Arguments, Undefined, type Value } from './values.js'

/** Applies a filter by its name. Throws `UNSUPPORTED` for one that is not known, `TEMPLATE_FAILED` for misuse. */
export function applyFilter(name: string, value: Value, args: Arguments, budget: Budget): Value {
  const filter = FILTERS.get(name)
  if (!filter) throw templateNeeds('filter', name, FILTERS.keys())
  if (value instanceof Text) budget.through(value.length)
  return filter(name, value, args, budget)
}

export function isFilter(name: string): boolean {
  return FILTERS.has(name)
}

const fallback = filter(
  { default_value: any.or(Text.EMPTY), boolean: flag.or(false) },
  (value, { default_value, boolean }) =>
    value instanceof Undefined || (boolean && !truthy(value)) ? default_value : value,
)

const FILTERS: ReadonlyMap<string, Operation<Value>> = new Map<string, Operation<Value>>([
  ...Object.entries({
    ...TEXT_FILTERS,
    ...MARKUP_FILTERS,
    ...LIST_FILTERS,
    ...NUMBER_FILTERS,
    ...JSON_FILTERS,
    ...selectingFilters(applyFilter),
  }),
  ['default', fallback],
  ['d', fallback],
  [
    'attr',
    filter({ name: text }, (value, { name }, budget) => {
      const found = ownAttribute(value, name.text, budget)
      return found === undefined ? new Undefined(name.text) : found
    }),
  ],
  // Not of Jinja, but of other engines that chat templates are written for.
  ['bool', filter({}, (value) => truthy(value))],
])

export const FILTER_NAMES: readonly string[] = [...FILTERS.keys()]
