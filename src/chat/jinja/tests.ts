import type { Budget } from './budget.js'
import { iterable } from './collections.js'
import { equal, same, truthy } from './compare.js'
import { Float, isInteger, numeric } from './numbers.js'
import { type Comparison, compare, operate } from './operators.js'
import { any, type Operation, operation } from './parameters.js'
import { str } from './repr.js'
import { Text } from './text.js'
import { PREDICATES } from './unicode.js'
import { Callable, Dict, DictView, List, Undefined, type Value } from './values.js'

export type NamedTest = Operation<Value, boolean>

const of = (holds: (value: Value, budget: Budget) => boolean): NamedTest =>
  operation({}, (value, _, budget) => holds(value, budget))

const comparing = (operator: Comparison): NamedTest =>
  operation({ other: any }, (value, { other }, budget) => compare(operator, value, other, budget))

/** Whether `value % divisor` equals `remainder`. For a string, `%` formats as elsewhere, and the result is never equal. */
function hasRemainder(remainder: number, value: Value, divisor: Value, budget: Budget): boolean {
  return equal(operate('%', value, divisor, budget), remainder, budget)
}

/** The tests other than `filter` and `test`, by name. */
export const TESTS: ReadonlyMap<string, NamedTest> = new Map<string, NamedTest>([
  ['defined', of((value) => !(value instanceof Undefined))],
  ['undefined', of((value) => value instanceof Undefined)],
  ['none', of((value) => value === null)],
  ['true', of((value) => value === true)],
  ['false', of((value) => value === false)],
  ['boolean', of((value) => typeof value === 'boolean')],
  ['integer', of(isInteger)],
  ['float', of((value) => value instanceof Float)],
  ['number', of((value) => numeric(value) !== undefined)],
  ['string', of((value) => value instanceof Text)],
  ['mapping', of((value) => value instanceof Dict)],
  ['iterable', of((value, budget) => iterable(value, budget) !== undefined)],
  ['sequence', of(isSequenceLike)],
  // Jinja's undefined value has `__call__`, which throws.
  ['callable', of((value) => value instanceof Callable || value instanceof Undefined)],
  ['escaped', of(() => false)],
  ['odd', of((value, budget) => hasRemainder(1, value, 2, budget))],
  ['even', of((value, budget) => hasRemainder(0, value, 2, budget))],
  ['divisibleby', operation({ num: any }, (value, { num }, budget) => hasRemainder(0, value, num, budget))],
  ['upper', of((value, budget) => PREDICATES.isupper(str(value, budget).text))],
  ['lower', of((value, budget) => PREDICATES.islower(str(value, budget).text))],
  ['sameas', operation({ other: any }, (value, { other }, budget) => same(value, other, budget))],
  ['in', operation({ seq: any }, (value, { seq }, budget) => compare('in', value, seq, budget))],
  ...(['==', 'eq', 'equalto'] as const).map((name): [string, NamedTest] => [name, comparing('==')]),
  ...(['!=', 'ne'] as const).map((name): [string, NamedTest] => [name, comparing('!=')]),
  ...(['<', 'lt', 'lessthan'] as const).map((name): [string, NamedTest] => [name, comparing('<')]),
  ...(['>', 'gt', 'greaterthan'] as const).map((name): [string, NamedTest] => [name, comparing('>')]),
  ...(['<=', 'le'] as const).map((name): [string, NamedTest] => [name, comparing('<=')]),
  ...(['>=', 'ge'] as const).map((name): [string, NamedTest] => [name, comparing('>=')]),
  // Not in Jinja, but in other engines that chat templates are written for.
  ['truthy', of(truthy)],
])

function isSequenceLike(value: Value): boolean {
  if (value instanceof DictView) return false
  return value instanceof Text || value instanceof List || value instanceof Dict || value instanceof Undefined
}
