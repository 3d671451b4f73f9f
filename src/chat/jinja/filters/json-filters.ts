import type { Budget } from '../budget.js'
import { iterable } from '../collections.js'
import { undefinedUsed } from '../compare.js'
import { templateFailed } from '../failures.js'
import { fromJson } from '../from-json.js'
import { type JsonOptions, toJson } from '../json.js'
import { integral } from '../numbers.js'
import { any, filter, flag, type Operation } from '../parameters.js'
import { pretty } from '../pretty.js'
import { Text } from '../text.js'
import { typeName, Undefined, type Value } from '../values.js'

type Filter = Operation<Value>

/** The indentation per level: a number of spaces, or a string. */
function indentOf(value: Value, budget: Budget): Text | undefined {
  if (value === null || value instanceof Text) return value ?? undefined
  const width = integral(value)
  if (width === undefined)
    throw templateFailed(`tojson: indent must be an integer or a string, not ${typeName(value)}`)
  const count = Math.max(0, Number(width))
  budget.text(count)
  return Text.of(' ').repeated(count)
}

function separatorsOf(value: Value, budget: Budget): JsonOptions['separators'] {
  if (value === null) return undefined
  const items = iterable(value, budget)
  if (items?.length === 2) {
    const [item, key] = items
    if (item instanceof Text && key instanceof Text) return [item, key]
  }
  throw templateFailed(`tojson: separators must be a pair of strings, not ${typeName(value)}`)
}

export const JSON_FILTERS: Readonly<Record<string, Filter>> = {
  // The parameters are those of transformers' `tojson`, not of plain Jinja's.
  tojson: filter(
    {
      ensure_ascii: flag.or(false),
      indent: any.or(null),
      separators: any.or(null),
      sort_keys: flag.or(false),
    },
    (value, given, budget) => {
      if (value instanceof Undefined) throw undefinedUsed(value)
      const options = {
        ensureAscii: given.ensure_ascii,
        indent: indentOf(given.indent, budget),
        separators: separatorsOf(given.separators, budget),
        sortKeys: given.sort_keys,
      }
      return toJson(value, options, budget)
    },
  ),
  fromjson: filter({}, (value, _, budget) => {
    if (value instanceof Text) return fromJson(value, budget)
    if (value instanceof Undefined) throw undefinedUsed(value)
    throw templateFailed(`fromjson cannot be applied to ${typeName(value)}`)
  }),
  pprint: filter({}, (value, _, budget) => pretty(value, budget)),
}
