import type { Budget } from './budget.js'
import { itemOf } from './members.js'
import { Text } from './text.js'
import { Undefined, type Value } from './values.js'

/** Gets the value by which an item is compared, grouped or joined. */
export type Getter = (item: Value) => Value

export interface GetterOptions {
  /** Replaces a missing value. */
  readonly fallback?: Value | undefined
  /** Applied to the value that is found. */
  readonly change?: Getter
}

/** The parameter `attribute` of filters: `a.b` or `0.a` is a path, an integer an index, `None` the item itself. */
export function getterOf(attribute: Value, budget: Budget, options: GetterOptions = {}): Getter {
  return pathGetter(partsOf(attribute, budget), budget, options)
}

/** The same for comma-separated paths: one getter for each. */
export function gettersOf(attribute: Value, budget: Budget, options: GetterOptions = {}): Getter[] {
  if (!(attribute instanceof Text)) return [getterOf(attribute, budget, options)]
  budget.scan(attribute.length)
  return attribute.text.split(',').map((path) => pathGetter(pathParts(path), budget, options))
}

type Part = string | number | Value

function partsOf(attribute: Value, budget: Budget): readonly Part[] {
  if (attribute === null) return []
  if (!(attribute instanceof Text)) return [attribute]
  budget.items(attribute.length)
  return pathParts(attribute.text)
}

function pathParts(path: string): readonly Part[] {
  return path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
}

function pathGetter(parts: readonly Part[], budget: Budget, { fallback, change }: GetterOptions): Getter {
  return (item) => {
    let value = item
    for (const part of parts) {
      budget.spend(1)
      value = itemOf(value, part, budget)
      // `None` means no fallback, as in Jinja.
      if (value instanceof Undefined && fallback !== undefined && fallback !== null) value = fallback
    }
    return change ? change(value) : value
  }
}
