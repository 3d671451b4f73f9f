import { truthy } from './compare.js'
import { JSON_FILTERS } from './filters/json-filters.js'
import { LIST_FILTERS } from './filters/list-filters.js'
import { MARKUP_FILTERS } from './filters/markup-filters.js'
import { NUMBER_FILTERS } from './filters/number-filters.js'
import { TEXT_FILTERS } from './filters/text-filters.js'
import { ownAttribute } from './members.js'
import { any, filter, flag, type Operation, text } from './parameters.js'
import { Text } from './text.js'
import { Undefined, type Value } from './values.js'

const fallback = filter(
  { default_value: any.or(Text.EMPTY), boolean: flag.or(false) },
  (value, { default_value, boolean }) =>
    value instanceof Undefined || (boolean && !truthy(value)) ? default_value : value,
)

/** The filters that do not apply other filters or tests, by name. */
export const FILTERS: ReadonlyMap<string, Operation<Value>> = new Map<string, Operation<Value>>([
  ...Object.entries({
    ...TEXT_FILTERS,
    ...MARKUP_FILTERS,
    ...LIST_FILTERS,
    ...NUMBER_FILTERS,
    ...JSON_FILTERS,
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
  // Not in Jinja, but in other engines that chat templates are written for.
  ['bool', filter({}, (value) => truthy(value))],
])
