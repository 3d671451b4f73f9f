import type { Budget } from './budget.js'
import { contains } from './collections.js'
import { equal, order, undefinedUsed } from './compare.js'
import { templateFailed } from './failures.js'
import { percentFormat } from './formatting/percent.js'
import { calculate, integral, negated, numeric } from './numbers.js'
import { str } from './repr.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { haveSameType, isSequence, List, Tuple, typeName, Undefined, type Value } from './values.js'

/** A comparison operator. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

const COMPARISONS: readonly string[] = [
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'in',
  'not in',
] satisfies Comparison[]

function isComparison(operator: string): operator is Comparison {
  return COMPARISONS.includes(operator)
}

/** Applies a binary operator other than `and` and `or` to two evaluated operands. */
export function operate(operator: string, left: Value, right: Value, budget: Budget): Value {
  if (isComparison(operator)) return compare(operator, left, right, budget)
  if (operator === '~') return new TextBuilder(budget).add(str(left, budget), str(right, budget)).text()
  if (operator === '%' && left instanceof Text) return percentFormat(left, right, budget)
  for (const side of [left, right]) {
    if (side instanceof Undefined) throw undefinedUsed(side)
  }
  const result = ofSequences(operator, left, right, budget) ?? calculate(operator, left, right, budget)
  if (result !== undefined) return result
  throw templateFailed(`unsupported operands for "${operator}": ${typeName(left)} and ${typeName(right)}`)
}

/** Compares two values. Throws `TEMPLATE_FAILED` if Python cannot order them. */
export function compare(operator: Comparison, left: Value, right: Value, budget: Budget): boolean {
  switch (operator) {
    case '==':
      return equal(left, right, budget)
    case '!=':
      return !equal(left, right, budget)
    case 'in':
      return contains(right, left, budget)
    case 'not in':
      return !contains(right, left, budget)
    case '<':
      return order(left, right, budget) < 0
    case '<=':
      return order(left, right, budget) <= 0
    case '>':
      return order(left, right, budget) > 0
    case '>=':
      return order(left, right, budget) >= 0
  }
}

/** `+` and `*` of strings, lists and tuples. */
function ofSequences(operator: string, left: Value, right: Value, budget: Budget): Value | undefined {
  if (operator === '+') {
    if (left instanceof Text && right instanceof Text) return new TextBuilder(budget).add(left, right).text()
    if (!isSequence(left) || !isSequence(right) || !haveSameType(left, right)) return undefined
    budget.items(left.items.length + right.items.length)
    return sameKindOf(left, [...left.items, ...right.items])
  }
  if (operator !== '*') return undefined
  const [sequence, times] = integral(right) === undefined ? [right, left] : [left, right]
  const factor = integral(times)
  if (factor === undefined) return undefined
  const count = Math.max(0, Number(factor))
  if (sequence instanceof Text) return repeat(sequence, count, budget)
  if (!isSequence(sequence)) return undefined
  budget.items(sequence.items.length * count)
  const length = sequence.items.length === 0 ? 0 : count
  return sameKindOf(sequence, Array.from({ length }, () => sequence.items).flat())
}

function sameKindOf(example: List, items: readonly Value[]): List {
  return example instanceof Tuple ? new Tuple(items) : new List(items)
}

/** A text repeated `count` times. */
export function repeat(text: Text, count: number, budget: Budget): Text {
  if (text.length === 0) return text
  budget.text(text.length * count)
  if (text.runs.length > 1) budget.items(text.runs.length * count)
  return text.repeated(count)
}

/** Applies a sign. */
export function signed(operator: string, value: Value): Value {
  if (value instanceof Undefined) throw undefinedUsed(value)
  const result =
    operator === '-'
      ? negated(value)
      : (integral(value) ?? (numeric(value) === undefined ? undefined : value))
  if (result === undefined) throw templateFailed(`unsupported operand for "${operator}": ${typeName(value)}`)
  return result
}
