import type { Budget } from './budget.js'
import { contains, compare as orderOf } from './collections.js'
import { templateFailed } from './failures.js'
import { str } from './json.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { equal, Float, List, numeric, typeName, Undefined, type Value } from './values.js'

/** An operator with two sides, both evaluated; `and` and `or` are not among them. */
export function operate(operator: string, left: Value, right: Value, budget: Budget): Value {
  switch (operator) {
    case '==':
      return equal(left, right, budget.spend)
    case '!=':
      return !equal(left, right, budget.spend)
    case 'in':
      return contains(right, left, budget)
    case 'not in':
      return !contains(right, left, budget)
    case '~':
      return new TextBuilder(budget).add(str(left, budget), str(right, budget)).text()
  }
  for (const side of [left, right]) {
    if (side instanceof Undefined) throw templateFailed(`"${side.name}" is undefined`)
  }
  switch (operator) {
    case '<':
      return orderOf(left, right, budget) < 0
    case '<=':
      return orderOf(left, right, budget) <= 0
    case '>':
      return orderOf(left, right, budget) > 0
    case '>=':
      return orderOf(left, right, budget) >= 0
  }
  if (operator === '+' && left instanceof Text && right instanceof Text) {
    return new TextBuilder(budget).add(left, right).text()
  }
  if (operator === '+' && left instanceof List && right instanceof List) {
    budget.items(left.items.length + right.items.length)
    return new List([...left.items, ...right.items])
  }
  if (operator === '*') {
    const [text, times] = left instanceof Text ? [left, right] : [right, left]
    if (text instanceof Text && typeof times === 'number') return repeat(text, times, budget)
  }
  const [a, b] = [numeric(left), numeric(right)]
  if (a === undefined || b === undefined) {
    throw templateFailed(`"${operator}" between ${typeName(left)} and ${typeName(right)}`)
  }
  return calculate(operator, a, b, left instanceof Float || right instanceof Float)
}

function repeat(text: Text, times: number, budget: Budget): Text {
  const count = Math.max(0, times)
  budget.text(text.length * count)
  budget.items(text.runs.length * count)
  return Text.join(Array.from({ length: count }, () => text))
}

function calculate(operator: string, a: number, b: number, isFloat: boolean): Value {
  if (b === 0 && ['/', '//', '%'].includes(operator)) throw templateFailed('division by zero')
  const number = (value: number) => {
    if (!isFloat && !Number.isFinite(value)) throw templateFailed(`"${operator}" gives a number too large`)
    return isFloat ? new Float(value) : value
  }
  switch (operator) {
    case '+':
      return number(a + b)
    case '-':
      return number(a - b)
    case '*':
      return number(a * b)
    case '/':
      return new Float(a / b)
    case '//':
      return number(Math.floor(a / b))
    case '%':
      return number(a - b * Math.floor(a / b))
    case '**':
      return b < 0 ? new Float(a ** b) : number(a ** b)
    default:
      throw templateFailed(`there is no operator "${operator}"`)
  }
}

/** A sign before a number. */
export function signed(operator: string, value: Value): Value {
  const number = numeric(value)
  if (number === undefined) throw templateFailed(`"${operator}" before ${typeName(value)}`)
  const result = operator === '-' ? -number : number
  return value instanceof Float ? new Float(result) : result + 0
}

export function compare(operator: string, left: Value, right: Value, budget: Budget): boolean {
  return operate(operator, left, right, budget) as boolean
}
