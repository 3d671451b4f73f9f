import type { Budget } from './budget.js'
import { dictOf, iterate } from './collections.js'
import { truthy } from './compare.js'
import { templateFailed, templateNeeds } from './failures.js'
import { applyFilter } from './filters.js'
import { GLOBAL_FUNCTIONS } from './globals.js'
import { attributeOf, itemOf, sliceOf } from './members.js'
import { DICT_METHODS, LIST_METHODS } from './methods/collection-methods.js'
import { STRING_METHODS } from './methods/string-methods.js'
import type { Call, Identifier, Member, Node } from './nodes.js'
import { Float, integer } from './numbers.js'
import { operate, signed } from './operators.js'
import type { Scope } from './scope.js'
import { testNamed } from './tests.js'
import { FROM_TEMPLATE, Text } from './text.js'
import {
  type Arguments,
  Callable,
  Dict,
  List,
  NO_ARGUMENTS,
  orUndefined,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** The value of an expression. Each node costs a step of the budget. */
export function evaluate(node: Node, scope: Scope, budget: Budget): Value {
  budget.spend(1)
  budget.enter()
  const value = evaluateNode(node, scope, budget)
  budget.leave()
  return value
}

function evaluateNode(node: Node, scope: Scope, budget: Budget): Value {
  const of = (node: Node) => evaluate(node, scope, budget)
  switch (node.type) {
    case 'StringLiteral':
      return Text.of(node.value, FROM_TEMPLATE)
    case 'IntegerLiteral':
      return integer(node.value)
    case 'FloatLiteral':
      return new Float(node.value)
    case 'Identifier':
      return orUndefined(scope.get(node.value), node.value)
    case 'ArrayLiteral':
      return new List(node.value.map(of))
    case 'TupleLiteral':
      return new Tuple(node.value.map(of))
    case 'ObjectLiteral':
      return dictOf(
        Array.from(node.value, ([key, value]) => [of(key), of(value)] as const),
        budget,
      )
    case 'MemberExpression':
      return member(node, scope, budget)
    case 'CallExpression': {
      const callee = of(node.callee)
      if (!(callee instanceof Callable)) throw notCallable(node.callee, callee, of)
      return callee.call(argumentsOf(node, scope, budget))
    }
    case 'FilterExpression':
      return filtered(of(node.operand), node.filter, scope, budget)
    case 'TestExpression':
      return testNamed(node.test.value)(of(node.operand), NO_ARGUMENTS, budget) !== node.negate
    case 'UnaryExpression': {
      const value = of(node.argument)
      return node.operator.value === 'not' ? !truthy(value) : signed(node.operator.value, value)
    }
    case 'BinaryExpression': {
      const left = of(node.left)
      const operator = node.operator.value
      if (operator === 'and') return truthy(left) ? of(node.right) : left
      if (operator === 'or') return truthy(left) ? left : of(node.right)
      return operate(operator, left, of(node.right), budget)
    }
    case 'Ternary':
      return of(truthy(of(node.condition)) ? node.trueExpr : node.falseExpr)
    case 'SelectExpression':
      return truthy(of(node.test)) ? of(node.lhs) : new Undefined('the other case of an "if"')
    default:
      throw templateFailed(`${node.type} is no expression`)
  }
}

/** A filter and its own arguments, applied to a value. */
export function filtered(value: Value, filter: Identifier | Call, scope: Scope, budget: Budget): Value {
  if (filter.type === 'Identifier') return applyFilter(filter.value, value, NO_ARGUMENTS, budget)
  if (filter.callee.type !== 'Identifier') throw templateFailed('a filter without a name')
  return applyFilter(filter.callee.value, value, argumentsOf(filter, scope, budget), budget)
}

/** Evaluates the arguments of a call. */
export function argumentsOf(call: Call, scope: Scope, budget: Budget): Arguments {
  const positional: Value[] = []
  const named: (readonly [key: Value, value: Value])[] = []
  for (const arg of call.args) {
    if (arg.type === 'KeywordArgumentExpression') {
      named.push([Text.of(arg.key.value, FROM_TEMPLATE), evaluate(arg.value, scope, budget)])
    } else if (arg.type === 'SpreadExpression') {
      const items = iterate(evaluate(arg.argument, scope, budget), '"*"', budget)
      budget.items(items.length)
      for (const item of items) positional.push(item)
    } else if (arg.type === 'KeywordSpreadExpression') {
      const value = evaluate(arg.argument, scope, budget)
      if (!(value instanceof Dict)) throw templateFailed(`"**" before ${typeName(value)}`)
      budget.through(value.size)
      for (const entry of value.entries()) named.push(entry)
    } else {
      positional.push(evaluate(arg, scope, budget))
    }
  }
  return { positional, named: named.length === 0 ? Dict.EMPTY : dictOf(named, budget) }
}

function member({ object, property, computed }: Member, scope: Scope, budget: Budget): Value {
  const value = evaluate(object, scope, budget)
  if (property.type === 'SliceExpression') {
    const bounds = [property.start, property.stop, property.step].map((part) =>
      part === undefined ? null : evaluate(part, scope, budget),
    )
    return sliceOf(value, bounds, budget)
  }
  if (!computed && property.type === 'Identifier') return attributeOf(value, property.value, budget)
  return itemOf(value, evaluate(property, scope, budget), budget)
}

function notCallable(callee: Node, value: Value, of: (node: Node) => Value) {
  if (value instanceof Undefined && value.problem !== undefined) return templateFailed(value.problem)
  if (callee.type === 'Identifier') {
    return value instanceof Undefined
      ? templateNeeds('function', callee.value, GLOBAL_FUNCTIONS)
      : templateFailed(`${callee.value} is ${typeName(value)}, not a function`)
  }
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
    const object = of(callee.object)
    if (!(object instanceof Text || object instanceof Dict || object instanceof List)) {
      return templateFailed(`${typeName(object)} has no method "${callee.property.value}"`)
    }
    return templateNeeds('method', callee.property.value, [
      ...STRING_METHODS.keys(),
      ...DICT_METHODS.keys(),
      ...LIST_METHODS.keys(),
    ])
  }
  return templateFailed(`${typeName(value)} is called`)
}
