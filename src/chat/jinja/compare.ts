import { describeValue } from '../../describe.js'
import type { Budget } from './budget.js'
import { templateFailed } from './failures.js'
import { Float, numeric } from './numbers.js'
import { Text } from './text.js'
import { compareTexts } from './unicode.js'
import {
  Callable,
  Dict,
  haveSameType,
  isSequence,
  List,
  Namespace,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** Nesting depth of lists and mappings that are compared. */
const MAX_NESTING = 100

export function truthy(value: Value): boolean {
  if (value instanceof Text) return value.runs.length > 0
  if (value instanceof List) return value.items.length > 0
  if (value instanceof Dict) return value.size > 0
  if (value instanceof Namespace || value instanceof Callable) return true
  if (value instanceof Undefined || value === null) return false
  return value instanceof Float ? value.value !== 0 : Boolean(value)
}

/** Python's `==`. */
export function equal(a: Value, b: Value, budget: Budget, depth = 0): boolean {
  budget.spend(1)
  if (a === b) return true
  if (a instanceof Text && b instanceof Text) {
    budget.scan(a.runs.length + b.runs.length)
    if (a.length !== b.length) return false
    budget.scan(a.length)
    return a.text === b.text
  }
  const [x, y] = [numeric(a), numeric(b)]
  // Not `===`: an integer may be of either type.
  if (x !== undefined && y !== undefined) return x <= y && x >= y
  if (a instanceof Undefined && b instanceof Undefined) return true
  if (depth > MAX_NESTING) throw templateFailed(`compares values nested more than ${MAX_NESTING} levels`)
  if (a instanceof List && b instanceof List) {
    if (!haveSameType(a, b) || a.items.length !== b.items.length) return false
    return a.items.every((item, i) => equal(item, b.items[i], budget, depth + 1))
  }
  if (a instanceof Dict && b instanceof Dict) {
    if (a.size !== b.size) return false
    budget.members(a.size)
    return a.entries().every(([key, value]) => {
      if (key instanceof Text) budget.scan(key.length)
      const other = b.get(key)
      return other !== undefined && equal(value, other, budget, depth + 1)
    })
  }
  return false
}

/** Python's `is`, except that strings and floats are compared by value. */
export function same(a: Value, b: Value, budget: Budget): boolean {
  if (a instanceof Text && b instanceof Text) return equal(a, b, budget)
  if (a instanceof Float && b instanceof Float) return Object.is(a.value, b.value)
  return a === b
}

/** The order of two values as a number; `NaN` if their types are ordered but these values are not. */
export function order(a: Value, b: Value, budget: Budget, depth = 0): number {
  budget.spend(1)
  if (a instanceof Text && b instanceof Text) {
    if (a === b) return 0
    budget.scan(a.runs.length + b.runs.length + Math.min(a.length, b.length))
    const [x, y] = [a.text, b.text]
    if (x === y) return 0
    if (a.hasPairs || b.hasPairs) return compareTexts(x, y)
    return x < y ? -1 : 1
  }
  const [x, y] = [numeric(a), numeric(b)]
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : x >= y ? 0 : Number.NaN
  if (isSequence(a) && isSequence(b) && haveSameType(a, b)) {
    if (depth > MAX_NESTING) throw templateFailed(`compares values nested more than ${MAX_NESTING} levels`)
    const length = Math.min(a.items.length, b.items.length)
    for (let i = 0; i < length; i++) {
      if (!equal(a.items[i], b.items[i], budget, depth + 1)) {
        return order(a.items[i], b.items[i], budget, depth + 1)
      }
    }
    return a.items.length - b.items.length
  }
  for (const side of [a, b]) {
    if (side instanceof Undefined) throw undefinedUsed(side)
  }
  throw templateFailed(`${typeName(a)} and ${typeName(b)} cannot be ordered`)
}

/** The error for using an undefined value for more than printing. */
export function undefinedUsed({ name, problem }: Undefined) {
  return templateFailed(problem ?? `${describeValue(name)} is undefined`)
}
