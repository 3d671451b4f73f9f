import { describeValue } from '../../describe.js'
import { dictOf, iterate } from './collections.js'
import { truthy } from './compare.js'
import { templateFailed, templateNeeds } from './failures.js'
import { applyFilter, testNamed } from './filters-and-tests.js'
import { GLOBAL_FUNCTIONS } from './globals.js'
import { attributeOf, itemOf, sliceOf } from './members.js'
import { DICT_METHODS, LIST_METHODS } from './methods/collection-methods.js'
import { STRING_METHODS } from './methods/string-methods.js'
import type { Call, CallArguments, Expression, FilterStep, Slice } from './nodes.js'
import { compare, operate, signed } from './operators.js'
import { str } from './repr.js'
import type { Scope } from './scope.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { type Arguments, Callable, Dict, List, Tuple, typeName, Undefined, type Value } from './values.js'

/** Evaluates an expression. Each node costs a step of the budget. */
export function evaluate(node: Expression, scope: Scope): Value {
  const { budget } = scope.rendering
  budget.spend(1)
  budget.enter()
  scope.rendering.at = node.at
  const value = evaluateNode(node, scope)
  budget.leave()
  return value
}

function evaluateNode(node: Expression, scope: Scope): Value {
  const { rendering } = scope
  const { budget } = rendering
  // `at` is set again where the node's own operation may fail, so that the error does not point to an operand.
  switch (node.kind) {
    case 'constant':
      return node.value
    case 'name':
      return scope.get(node.name)
    case 'list':
      budget.items(node.items.length)
      return new List(node.items.map((item) => evaluate(item, scope)))
    case 'tuple':
      budget.items(node.items.length)
      return new Tuple(node.items.map((item) => evaluate(item, scope)))
    case 'dict': {
      const entries = node.pairs.map(
        ({ key, value }) => [evaluate(key, scope), evaluate(value, scope)] as const,
      )
      rendering.at = node.at
      return dictOf(entries, budget)
    }
    case 'attribute': {
      const object = evaluate(node.object, scope)
      rendering.at = node.at
      return attributeOf(object, node.name.text, budget)
    }
    case 'item': {
      const object = evaluate(node.object, scope)
      const index = evaluate(node.index, scope)
      rendering.at = node.at
      return itemOf(object, index, budget)
    }
    case 'slice':
      return sliced(node, scope)
    case 'call':
      return call(node, scope)
    case 'filter':
      return filtered(evaluate(node.operand, scope), node.step, scope)
    case 'test': {
      const value = evaluate(node.operand, scope)
      const args = argumentsOf(node.args, scope)
      rendering.at = node.at
      return testNamed(node.name)(value, args, budget)
    }
    case 'not':
      return !truthy(evaluate(node.operand, scope))
    case 'sign': {
      const value = evaluate(node.operand, scope)
      rendering.at = node.at
      return signed(node.operator, value)
    }
    case 'and': {
      const left = evaluate(node.left, scope)
      return truthy(left) ? evaluate(node.right, scope) : left
    }
    case 'or': {
      const left = evaluate(node.left, scope)
      return truthy(left) ? left : evaluate(node.right, scope)
    }
    case 'binary': {
      const left = evaluate(node.left, scope)
      const right = evaluate(node.right, scope)
      rendering.at = node.at
      return operate(node.operator, left, right, budget)
    }
    case 'compare': {
      let left = evaluate(node.first, scope)
      for (const { operator, operand } of node.rest) {
        const right = evaluate(operand, scope)
        rendering.at = node.at
        if (!compare(operator, left, right, budget)) return false
        left = right
      }
      return true
    }
    case 'concat': {
      const out = new TextBuilder(budget)
      for (const part of node.parts) out.add(str(evaluate(part, scope), budget))
      return out.text()
    }
    case 'conditional':
      if (truthy(evaluate(node.test, scope))) return evaluate(node.then, scope)
      return node.otherwise ? evaluate(node.otherwise, scope) : new Undefined('the else branch of an "if"')
  }
}

/** Evaluates a call. `add` may add arguments to those of the node. */
export function call({ callee, args, at }: Call, scope: Scope, add = (args: Arguments) => args): Value {
  const { rendering } = scope
  const object = callee.kind === 'attribute' ? evaluate(callee.object, scope) : undefined
  const called =
    callee.kind === 'attribute' && object !== undefined
      ? attributeOf(object, callee.name.text, rendering.budget)
      : evaluate(callee, scope)
  const given = add(argumentsOf(args, scope))
  rendering.at = at
  if (called instanceof Callable) return called.call(given)
  throw notCallable(callee, called, object)
}

/** Applies one filter to a value. */
export function filtered(value: Value, step: FilterStep, scope: Scope): Value {
  const args = argumentsOf(step.args, scope)
  scope.rendering.at = step.at
  return applyFilter(step.name, value, args, scope.rendering.budget)
}

/** Evaluates the arguments of a call. */
export function argumentsOf(
  { positional, named, spread, namedSpread }: CallArguments,
  scope: Scope,
): Arguments {
  const { budget } = scope.rendering
  const values: Value[] = positional.map((value) => evaluate(value, scope))
  const names = named.map(({ name, value }) => [name, evaluate(value, scope)] as [Value, Value])
  if (spread) {
    const items = iterate(evaluate(spread, scope), '"*"', budget)
    budget.items(values.length + items.length)
    for (const item of items) values.push(item)
  }
  if (namedSpread) {
    const mapping = evaluate(namedSpread, scope)
    if (!(mapping instanceof Dict)) throw templateFailed(`"**" needs a mapping, not ${typeName(mapping)}`)
    budget.scan(mapping.size)
    const taken = new Set(named.map(({ name }) => name.text))
    for (const [key, value] of mapping.entries()) {
      if (!(key instanceof Text)) throw templateFailed(`"**" needs string keys, not ${typeName(key)}`)
      if (taken.has(key.text)) throw templateFailed(`"**" repeats the argument ${describeValue(key.text)}`)
      names.push([key, value])
    }
  }
  return { positional: values, named: names.length > 0 ? dictOf(names, budget) : Dict.EMPTY }
}

function sliced(node: Slice, scope: Scope): Value {
  const value = evaluate(node.object, scope)
  const bounds = [node.start, node.stop, node.step].map((part) => (part ? evaluate(part, scope) : null))
  scope.rendering.at = node.at
  return sliceOf(value, bounds, scope.rendering.budget)
}

/** The error for calling a value that is not callable. `object`: the value whose attribute the callee is. */
function notCallable(callee: Expression, called: Value, object: Value | undefined) {
  if (called instanceof Undefined && called.problem !== undefined) return templateFailed(called.problem)
  if (callee.kind === 'attribute' && object !== undefined) {
    const name = callee.name.text
    if (!(object instanceof Text || object instanceof Dict || object instanceof List)) {
      return templateFailed(`${typeName(object)} has no method ${describeValue(name)}`)
    }
    const methods = [...STRING_METHODS.keys(), ...DICT_METHODS.keys(), ...LIST_METHODS.keys()]
    return templateNeeds('method', name, methods)
  }
  if (callee.kind !== 'name') return templateFailed(`${typeName(called)} is not callable`)
  if (called instanceof Undefined) return templateNeeds('function', callee.name, GLOBAL_FUNCTIONS)
  return templateFailed(`${describeValue(callee.name)} is ${typeName(called)}, not a function`)
}
