import type { Budget } from './budget.js'
import { compare, contains } from './collections.js'
import { templateFailed, templateNeeds } from './failures.js'
import { isLower, isUpper } from './strings.js'
import { Text } from './text.js'
import {
  type Arguments,
  Callable,
  Dict,
  equal,
  Float,
  List,
  numeric,
  truthy,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** A test: what stands before `is`, and the argument that filters such as `selectattr` give. */
export type Test = (value: Value, argument: Value, budget: Budget) => boolean

const isText = (value: Value) => value instanceof Text
const isIterable = (value: Value) =>
  isText(value) || value instanceof List || value instanceof Dict || value instanceof Undefined
const isInteger = (value: Value) => typeof value === 'number'

const sameAs: Test = (value, argument, budget) => equal(value, argument, budget.spend)
const ordered =
  (holds: (order: number) => boolean): Test =>
  (value, argument, budget) =>
    holds(compare(value, argument, budget))

function remainder(name: string, value: Value, divisor: Value): number {
  const [a, b] = [numeric(value), numeric(divisor)]
  if (a === undefined || b === undefined) throw templateFailed(`the test "${name}" of ${typeName(value)}`)
  return a % b
}

/** A test by its name. Throws `UNSUPPORTED` for one that is not known; the test throws `TEMPLATE_FAILED` for misuse. */
export function testNamed(name: string): (value: Value, args: Arguments, budget: Budget) => boolean {
  const test = TESTS.get(name)
  if (!test) throw templateNeeds('test', name, TESTS.keys())
  return (value, { positional: [argument = null] }, budget) => {
    if (value instanceof Text) budget.through(value.length)
    return test(value, argument, budget)
  }
}

/** The tests that `is` knows, by name. */
const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', (value) => !(value instanceof Undefined)],
  ['undefined', (value) => value instanceof Undefined],
  ['none', (value) => value === null],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['boolean', (value) => typeof value === 'boolean'],
  ['integer', isInteger],
  ['float', (value) => value instanceof Float],
  ['number', (value) => numeric(value) !== undefined],
  ['string', isText],
  ['mapping', (value) => value instanceof Dict],
  ['iterable', isIterable],
  ['sequence', isIterable],
  ['callable', (value) => value instanceof Callable],
  ['odd', (value) => Math.abs(remainder('odd', value, 2)) === 1],
  ['even', (value) => remainder('even', value, 2) === 0],
  ['divisibleby', (value, argument) => remainder('divisibleby', value, argument) === 0],
  ['upper', (value) => value instanceof Text && isUpper(value)],
  ['lower', (value) => value instanceof Text && isLower(value)],
  ['truthy', truthy],
  ['in', (value, argument, budget) => contains(argument, value, budget)],
  ...['eq', 'equalto', '==', 'sameas'].map((name): [string, Test] => [name, sameAs]),
  ...['ne', '!='].map((name): [string, Test] => [name, (...args) => !sameAs(...args)]),
  ...['lt', 'lessthan', '<'].map((name): [string, Test] => [name, ordered((order) => order < 0)]),
  ...['gt', 'greaterthan', '>'].map((name): [string, Test] => [name, ordered((order) => order > 0)]),
  ...['le', '<='].map((name): [string, Test] => [name, ordered((order) => order <= 0)]),
  ...['ge', '>='].map((name): [string, Test] => [name, ordered((order) => order >= 0)]),
])
