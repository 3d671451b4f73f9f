import type { Budget } from './budget.js'
import { templateFailed, templateNeeds } from './failures.js'
import { selectingFilters } from './filters/selecting-filters.js'
import { FILTERS } from './filters.js'
import { type Operation, operation } from './parameters.js'
import { type NamedTest, TESTS } from './tests.js'
import { Text } from './text.js'
import { type Arguments, isHashable, typeName, type Value } from './values.js'

/** A test: takes the value before `is` and the arguments after the test's name. */
export type Test = (value: Value, args: Arguments, budget: Budget) => boolean

/** Applies a filter by name. Throws `UNSUPPORTED` for an unknown one, `TEMPLATE_FAILED` for misuse. */
export function applyFilter(name: string, value: Value, args: Arguments, budget: Budget): Value {
  const filter = ALL_FILTERS.get(name)
  if (!filter) throw templateNeeds('filter', name, ALL_FILTERS.keys())
  if (value instanceof Text) budget.scan(value.length)
  return filter(name, value, args, budget)
}

/** Returns a test by name. Throws `UNSUPPORTED` for an unknown one; the test throws `TEMPLATE_FAILED` for misuse. */
export function testNamed(name: string): Test {
  const test = ALL_TESTS.get(name)
  if (!test) throw templateNeeds('test', name, ALL_TESTS.keys())
  return (value, args, budget) => {
    if (value instanceof Text) budget.scan(value.length)
    return test(name, value, args, budget)
  }
}

const ALL_FILTERS: ReadonlyMap<string, Operation<Value>> = new Map([
  ...FILTERS,
  // These look up filters and tests by name.
  ...Object.entries(selectingFilters({ applyFilter, testNamed })),
])

export const FILTER_NAMES: readonly string[] = [...ALL_FILTERS.keys()]

const ALL_TESTS: ReadonlyMap<string, NamedTest> = new Map([
  ...TESTS,
  ['filter', namesOneOf(() => ALL_FILTERS)],
  ['test', namesOneOf(() => ALL_TESTS)],
])

function namesOneOf(known: () => ReadonlyMap<string, unknown>): NamedTest {
  return operation({}, (value: Value) => {
    if (!isHashable(value)) throw templateFailed(`${typeName(value)} cannot be a name`)
    return value instanceof Text && known().has(value.text)
  })
}
