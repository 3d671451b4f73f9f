import type { Budget } from './budget.js'
import { characters, DICT_METHODS, iterate, slice } from './collections.js'
import { templateFailed, templateNeeds } from './failures.js'
import { applyFilter } from './filters.js'
import { GLOBAL_FUNCTIONS } from './globals.js'
import { str } from './json.js'
import type { Call, Identifier, Member, Node, Slice } from './nodes.js'
import { operate, signed } from './operators.js'
import type { Scope } from './scope.js'
import { STRING_METHODS } from './strings.js'
import { testNamed } from './tests.js'
import { Text } from './text.js'
import {
  type Arguments,
  Callable,
  Dict,
  Float,
  List,
  Namespace,
  orUndefined,
  truthy,
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
      return Text.of(node.value)
    case 'IntegerLiteral':
      return node.value
    case 'FloatLiteral':
      return new Float(node.value)
    case 'Identifier':
      return orUndefined(scope.get(node.value), node.value)
    case 'ArrayLiteral':
    case 'TupleLiteral':
      return new List(node.value.map(of))
    case 'ObjectLiteral':
      return new Dict(Array.from(node.value, ([key, value]) => [str(of(key), budget), of(value)] as const))
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
      return testNamed(node.test.value)(of(node.operand), null, budget) !== node.negate
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
  if (filter.type === 'Identifier') return applyFilter(filter.value, value, NONE, budget)
  if (filter.callee.type !== 'Identifier') throw templateFailed('a filter without a name')
  return applyFilter(filter.callee.value, value, argumentsOf(filter, scope, budget), budget)
}

const NONE: Arguments = { positional: [], named: new Map() }

/** Evaluates the arguments of a call. */
export function argumentsOf(call: Call, scope: Scope, budget: Budget): Arguments {
  const positional: Value[] = []
  const named = new Map<string, Value>()
  for (const arg of call.args) {
    if (arg.type === 'KeywordArgumentExpression') {
      named.set(arg.key.value, evaluate(arg.value, scope, budget))
    } else if (arg.type === 'SpreadExpression') {
      const items = iterate(evaluate(arg.argument, scope, budget), '"*"', budget)
      budget.items(items.length)
      for (const item of items) positional.push(item)
    } else if (arg.type === 'KeywordSpreadExpression') {
      const value = evaluate(arg.argument, scope, budget)
      if (!(value instanceof Dict)) throw templateFailed(`"**" before ${typeName(value)}`)
      budget.through(value.size)
      for (const [key, item] of value.entries()) named.set(key.text, item)
    } else {
      positional.push(evaluate(arg, scope, budget))
    }
  }
  return { positional, named }
}

/** `a.b` looks for a method first and for a key then, `a[b]` for the key alone, as in Python. */
function member({ object, property, computed }: Member, scope: Scope, budget: Budget): Value {
  const value = evaluate(object, scope, budget)
  if (property.type === 'SliceExpression') return sliced(value, property, scope, budget)
  const key: Value =
    !computed && property.type === 'Identifier' ? Text.of(property.value) : evaluate(property, scope, budget)
  if (value instanceof Undefined || value === null) {
    const wanted = key instanceof Text ? key.text : typeof key === 'number' ? String(key) : typeName(key)
    if (value === null) return new Undefined(`${wanted} of none`)
    throw templateFailed(`"${value.name}" is undefined, so it has no "${wanted}"`)
  }
  if (typeof key === 'number') return itemAt(value, key, budget)
  if (!(key instanceof Text)) return new Undefined(`an item by ${typeName(key)}`)
  const name = key.text
  if (value instanceof Namespace) return orUndefined(value.get(name), name)
  const method = methodOf(value, name, budget)
  if (value instanceof Dict) {
    const found = value.get(name)
    const [first, second] = computed ? [found, method] : [method, found]
    return orUndefined(first === undefined ? second : first, name)
  }
  return method ?? new Undefined(name)
}

function itemAt(value: Value, at: number, budget: Budget): Value {
  const items = value instanceof List ? value.items : value instanceof Text ? characters(value, budget) : []
  return orUndefined(items.at(at), `item ${at}`)
}

function sliced(value: Value, node: Slice, scope: Scope, budget: Budget): Value {
  const [start, stop, step] = [node.start, node.stop, node.step].map((part) => {
    const bound = part === undefined ? null : evaluate(part, scope, budget)
    if (bound === null || typeof bound === 'number') return bound ?? undefined
    throw templateFailed(`a slice from or to ${typeName(bound)}`)
  })
  if (value instanceof Text) return Text.join(slice(characters(value, budget), start, stop, step))
  if (!(value instanceof List)) throw templateFailed(`a slice of ${typeName(value)}`)
  budget.items(value.items.length)
  return new List(slice(value.items, start, stop, step))
}

function methodOf(value: Value, name: string, budget: Budget): Callable | undefined {
  if (value instanceof Text) return bound(STRING_METHODS.get(name), value, value.length, budget)
  if (value instanceof Dict) return bound(DICT_METHODS.get(name), value, value.size, budget)
  return undefined
}

/** A method of a value, each call of which goes through so many characters or members. */
function bound<T>(
  method: ((value: T, args: Arguments, budget: Budget) => Value) | undefined,
  value: T,
  size: number,
  budget: Budget,
): Callable | undefined {
  if (!method) return undefined
  return new Callable((args) => {
    budget.through(size)
    return method(value, args, budget)
  })
}

function notCallable(callee: Node, value: Value, of: (node: Node) => Value) {
  if (callee.type === 'Identifier') {
    return value instanceof Undefined
      ? templateNeeds('function', callee.value, GLOBAL_FUNCTIONS)
      : templateFailed(`${callee.value} is ${typeName(value)}, not a function`)
  }
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
    const object = of(callee.object)
    if (!(object instanceof Text || object instanceof Dict)) {
      return templateFailed(`${typeName(object)} has no method "${callee.property.value}"`)
    }
    return templateNeeds('method', callee.property.value, [...STRING_METHODS.keys(), ...DICT_METHODS.keys()])
  }
  return templateFailed(`${typeName(value)} is called`)
}
