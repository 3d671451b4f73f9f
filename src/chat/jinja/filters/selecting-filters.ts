import { type Getter, getterOf } from '../attributes.js'
import type { Budget } from '../budget.js'
import { iterate } from '../collections.js'
import { truthy } from '../compare.js'
import { templateFailed } from '../failures.js'
import type { Operation } from '../parameters.js'
import { Text } from '../text.js'
import { type Arguments, List, typeName, type Value } from '../values.js'

type Filter = Operation<Value>

/** Looks up filters and tests by name. */
export interface Registry {
  applyFilter(name: string, value: Value, args: Arguments, budget: Budget): Value
  testNamed(name: string): (value: Value, args: Arguments, budget: Budget) => boolean
}

interface Selection {
  /** The result of the test for items to keep. */
  readonly wanted: boolean
  /** Whether to test an attribute of each item, whose name is the first argument. */
  readonly byAttribute: boolean
}

/** `select`, `reject`, `selectattr` and `rejectattr`: filter items by a named test and its arguments. */
function selecting({ wanted, byAttribute }: Selection, { testNamed }: Registry): Filter {
  return (name, value, { positional, named }, budget) => {
    // As in Jinja, any false value counts as empty, even if it is not a list.
    const items = truthy(value) ? iterate(value, name, budget) : []
    if (items.length === 0) return new List([])
    if (byAttribute && positional.length === 0) throw templateFailed(`${name} needs the name of an attribute`)
    const subject: Getter = byAttribute ? getterOf(positional[0], budget) : (item) => item
    const [testName, ...rest] = byAttribute ? positional.slice(1) : positional
    const test = testName === undefined ? truthy : testNamed(nameOfTest(name, testName))
    const holds = (item: Value) => test(item, { positional: rest, named }, budget)
    budget.items(items.length)
    return new List(
      items.filter((item) => {
        budget.spend(1)
        return holds(subject(item)) === wanted
      }),
    )
  }
}

function nameOfTest(filter: string, name: Value): string {
  if (name instanceof Text) return name.text
  throw templateFailed(`${filter} needs the name of a test, not ${typeName(name)}`)
}

/** `map`: applies another filter to each item, or gets an attribute. */
function mapping({ applyFilter }: Registry): Filter {
  return (name, value, args, budget) => {
    const items = truthy(value) ? iterate(value, name, budget) : []
    if (items.length === 0) return new List([])
    budget.items(items.length)
    const change = mapped(name, args, applyFilter, budget)
    return new List(
      items.map((item) => {
        budget.spend(1)
        return change(item)
      }),
    )
  }
}

function mapped(
  name: string,
  { positional, named }: Arguments,
  applyFilter: Registry['applyFilter'],
  budget: Budget,
): Getter {
  const attribute = named.get('attribute')
  if (positional.length === 0 && attribute !== undefined) {
    const unknown = named
      .entries()
      .find(([key]) => key instanceof Text && !['attribute', 'default'].includes(key.text))
    if (unknown) {
      const key = unknown[0] instanceof Text ? unknown[0].text.slice(0, 100) : ''
      throw templateFailed(`${name} takes no argument named ${JSON.stringify(key)}`)
    }
    return getterOf(attribute, budget, { fallback: named.get('default') })
  }
  const [filter, ...rest] = positional
  if (!(filter instanceof Text))
    throw templateFailed('map needs the name of a filter, or the argument "attribute"')
  return (item) => applyFilter(filter.text, item, { positional: rest, named }, budget)
}

export function selectingFilters(known: Registry): Readonly<Record<string, Filter>> {
  return {
    select: selecting({ wanted: true, byAttribute: false }, known),
    reject: selecting({ wanted: false, byAttribute: false }, known),
    selectattr: selecting({ wanted: true, byAttribute: true }, known),
    rejectattr: selecting({ wanted: false, byAttribute: true }, known),
    map: mapping(known),
  }
}
