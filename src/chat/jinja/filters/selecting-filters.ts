import { type Getter, getterOf } from '../attributes.js'
import type { Budget } from '../budget.js'
import { iterate } from '../collections.js'
import { truthy } from '../compare.js'
import { templateFailed } from '../failures.js'
import type { Operation } from '../parameters.js'
import { testNamed } from '../tests.js'
import { Text } from '../text.js'
import { type Arguments, List, typeName, type Value } from '../values.js'

type Filter = Operation<Value>
export type ApplyFilter = (name: string, value: Value, args: Arguments, budget: Budget) => Value

/** `select`, `reject` and the same by an attribute: a test by its name, with its own arguments. */
function selecting(wanted: boolean, byAttribute: boolean): Filter {
  return (name, value, { positional, named }, budget) => {
    // What counts as false has no items, even where it is not a list.
    const items = truthy(value) ? iterate(value, name, budget) : []
    if (items.length === 0) return new List([])
    if (byAttribute && positional.length === 0) throw templateFailed(`${name} needs the name of an attribute`)
    const subject: Getter = byAttribute ? getterOf(positional[0], budget) : (item) => item
    const [testName, ...rest] = byAttribute ? positional.slice(1) : positional
    const holds =
      testName === undefined ? truthy : testBy(name, testName, { positional: rest, named }, budget)
    budget.items(items.length)
    return new List(
      items.filter((item) => {
        budget.spend(1)
        return holds(subject(item)) === wanted
      }),
    )
  }
}

function testBy(name: string, testName: Value, args: Arguments, budget: Budget): (value: Value) => boolean {
  if (!(testName instanceof Text))
    throw templateFailed(`${name} needs the name of a test, not ${typeName(testName)}`)
  const test = testNamed(testName.text)
  return (value) => test(value, args, budget)
}

/** `map`: another filter, or an attribute, of each item. `apply` finds filters by their names. */
function mapping(apply: ApplyFilter): Filter {
  return (name, value, args, budget) => {
    const items = truthy(value) ? iterate(value, name, budget) : []
    if (items.length === 0) return new List([])
    budget.items(items.length)
    const change = mapped(name, args, apply, budget)
    return new List(
      items.map((item) => {
        budget.spend(1)
        return change(item)
      }),
    )
  }
}

function mapped(name: string, { positional, named }: Arguments, apply: ApplyFilter, budget: Budget): Getter {
  const attribute = named.get('attribute')
  if (positional.length === 0 && attribute !== undefined) {
    const unknown = named
      .entries()
      .find(([key]) => key instanceof Text && !['attribute', 'default'].includes(key.text))
    if (unknown) {
      const key = unknown[0] instanceof Text ? unknown[0].text.slice(0, 100) : ''
      throw templateFailed(`${name} takes no argument by the name ${JSON.stringify(key)}`)
    }
    return getterOf(attribute, budget, { fallback: named.get('default') })
  }
  const [filter, ...rest] = positional
  if (!(filter instanceof Text)) throw templateFailed('map needs the name of a filter, or attribute')
  return (item) => apply(filter.text, item, { positional: rest, named }, budget)
}

export function selectingFilters(apply: ApplyFilter): Readonly<Record<string, Filter>> {
  return {
    select: selecting(true, false),
    reject: selecting(false, false),
    selectattr: selecting(true, true),
    rejectattr: selecting(false, true),
    map: mapping(apply),
  }
}
