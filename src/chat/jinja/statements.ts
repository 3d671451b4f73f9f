import { assign } from './assign.js'
import { truthy } from './compare.js'
import { call, evaluate, filtered } from './expressions.js'
import { templateFailed, templateNeeds } from './failures.js'
import { Loop, loopItems } from './loops.js'
import { bindArguments } from './macro-arguments.js'
import { MacroObject } from './macro-object.js'
import type { Block, CallBlock, Capture, FilterStep, For, Macro, NamedBlock, Statement } from './nodes.js'
import { str } from './repr.js'
import type { Scope } from './scope.js'
import { FROM_TEMPLATE, Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import { type Arguments, Dict, typeName, type Value } from './values.js'

/** How a block was left before its end. */
type Jump = 'break' | 'continue' | undefined

/** Runs statements and writes what they print to `out`. */
export function run(statements: readonly Statement[], scope: Scope, out: TextBuilder): Jump {
  for (const statement of statements) {
    const jump = runStatement(statement, scope, out)
    if (jump) return jump
  }
  return undefined
}

function runStatement(node: Statement, scope: Scope, out: TextBuilder): Jump {
  const { rendering } = scope
  const { budget } = rendering
  budget.spend(1)
  rendering.at = node.at
  switch (node.kind) {
    case 'text':
      out.add(node.text)
      return undefined
    case 'output':
      print(evaluate(node.value, scope), scope, out)
      return undefined
    case 'if': {
      const branch = node.branches.find(({ test }) => truthy(evaluate(test, scope)))
      return budget.deeper(() => run(branch ? branch.body : node.otherwise, scope, out))
    }
    case 'for':
      return budget.deeper(() => runFor(node, scope, out))
    case 'break':
    case 'continue':
      return node.kind
    case 'set':
      assign(node.target, evaluate(node.value, scope), scope)
      return undefined
    case 'capture':
      return capture(node, scope)
    case 'do':
      evaluate(node.expression, scope)
      return undefined
    case 'with': {
      const values = node.bindings.map(({ value }) => evaluate(value, scope))
      const inner = scope.inner(node.body.unset)
      for (const [i, { target }] of node.bindings.entries()) assign(target, values[i], inner)
      return budget.deeper(() => run(node.body.statements, inner, out))
    }
    case 'filter-block': {
      const inner = scope.inner(node.body.unset)
      const { text, jump } = budget.deeper(() => captured(node.body.statements, inner))
      if (!jump) out.add(printable(filteredBy(node.filters, text, inner), 'a filter block'))
      return jump
    }
    case 'macro':
      scope.set(node.name, macroValue(node.macro, scope))
      return undefined
    case 'call-block':
      callBlock(node, scope, out)
      return undefined
    case 'block':
      namedBlock(node, scope, out)
      return undefined
    case 'scope':
      return runBlock(node.body, scope, out)
    case 'autoescape':
      if (truthy(evaluate(node.isOn, scope)))
        throw templateNeeds('statement', 'autoescape true', ['autoescape false'])
      return runBlock(node.body, scope, out)
  }
}

/** Prints a value, converted by `str`. */
function print(value: Value, { rendering }: Scope, out: TextBuilder): void {
  if (value === null && rendering.refusesNone) throw templateFailed('it prints "none"')
  out.add(str(value, rendering.budget))
}

/** The result of a filter or call block, which must be a string to be printed. */
function printable(value: Value, what: string): Text {
  if (value instanceof Text) return value
  throw templateFailed(`the result of ${what} must be a string, not ${typeName(value)}`)
}

/** Runs a block in its own scope. */
function runBlock({ statements, unset }: Block, scope: Scope, out: TextBuilder): Jump {
  return scope.rendering.budget.deeper(() => run(statements, scope.inner(unset), out))
}

/** What statements print, as a value. */
function captured(statements: readonly Statement[], scope: Scope): { text: Text; jump: Jump } {
  const out = new TextBuilder(scope.rendering.budget)
  const jump = run(statements, scope, out)
  return { text: out.text(), jump }
}

function filteredBy(filters: readonly FilterStep[], text: Text, scope: Scope): Value {
  let value: Value = text
  for (const step of filters) value = filtered(value, step, scope)
  return value
}

function capture({ target, filters, body }: Capture, scope: Scope): Jump {
  const inner = scope.inner(body.unset)
  const { text, jump } = scope.rendering.budget.deeper(() => captured(body.statements, inner))
  if (!jump) assign(target, filteredBy(filters, text, inner), scope)
  return jump
}

/** Returns the jump that leaves an enclosing loop, which only the `else` part can cause. */
function runFor(node: For, scope: Scope, out: TextBuilder): Jump {
  const iterable = evaluate(node.iterable, scope)
  if (!node.isRecursive) return runTurns(node, iterable, 0, scope, out)
  out.add(recurse(node, iterable, 0, scope))
  return undefined
}

/** What a recursive loop prints for these items. */
function recurse(node: For, iterable: Value, depth0: number, scope: Scope): Text {
  const { budget } = scope.rendering
  return budget.deeper(() => {
    const out = new TextBuilder(budget)
    runTurns(node, iterable, depth0, scope, out)
    return out.text()
  })
}

function runTurns(node: For, iterable: Value, depth0: number, scope: Scope, out: TextBuilder): Jump {
  const { target, test, body, otherwise, isRecursive } = node
  const { rendering } = scope
  const { budget } = rendering
  const testScope = test && scope.inner(test.scope.unset)
  const select =
    test &&
    testScope &&
    ((item: Value) => {
      assign(target, item, testScope)
      return truthy(evaluate(test.condition, testScope))
    })
  rendering.at = node.iterable.at
  const loop = new Loop({
    items: loopItems(iterable, select, budget),
    depth0,
    recurse: isRecursive ? (items, depth0) => recurse(node, items, depth0, scope) : undefined,
    budget,
  })
  let isFinished = false
  while (loop.advance()) {
    budget.spend(4)
    // Each iteration has its own variables.
    const turn = scope.inner(body.unset)
    turn.set('loop', loop)
    assign(target, loop.item, turn)
    const jump = run(body.statements, turn, out)
    if (jump === 'break') break
    if (jump === undefined) isFinished = true
  }
  // As in Jinja, `else` also runs if every iteration was left by a jump.
  return otherwise && !isFinished ? run(otherwise.statements, scope.inner(otherwise.unset), out) : undefined
}

/** A macro as a value. It sees the variables of the scope that declares it, and its parameters. */
function macroValue(macro: Macro, declaring: Scope): MacroObject {
  return new MacroObject(macro, (args) => {
    const { budget } = declaring.rendering
    return budget.deeper(() => {
      const scope = declaring.inner(macro.body.unset)
      bindArguments(macro, args, scope)
      return captured(macro.body.statements, scope).text
    })
  })
}

function callBlock(node: CallBlock, scope: Scope, out: TextBuilder): void {
  const caller = macroValue(node.caller, scope)
  const withCaller = ({ positional, named }: Arguments): Arguments => {
    if (named.has('caller'))
      throw templateFailed('the argument "caller" is passed in addition to the body of a call block')
    const key = Text.of('caller', FROM_TEMPLATE)
    return { positional, named: new Dict([...named.entries(), [key, caller]]) }
  }
  out.add(printable(call(node.call, scope, withCaller), 'a call block'))
}

/** A block of a template that extends no other is printed in place. It sees only the template's variables. */
function namedBlock({ name, isScoped, isRequired, body }: NamedBlock, scope: Scope, out: TextBuilder): void {
  if (isRequired)
    throw templateFailed(`the block ${JSON.stringify(name)} is required, but no other template defines it`)
  runBlock(body, isScoped ? scope : scope.exported(), out)
}
