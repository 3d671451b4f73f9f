import type { Budget } from './budget.js'
import { dictOf, iterate } from './collections.js'
import { truthy } from './compare.js'
import { argumentsOf, evaluate, filtered } from './expressions.js'
import { templateFailed } from './failures.js'
import type { CallStatement, For, Identifier, Node, Parameter, SetStatement, Tuple } from './nodes.js'
import { str } from './repr.js'
import { Scope } from './scope.js'
import { Text } from './text.js'
import { TextBuilder } from './text-builder.js'
import {
  type Arguments,
  Callable,
  List,
  Namespace,
  orUndefined,
  typeName,
  Undefined,
  type Value,
} from './values.js'

/** How a block was left before its end. */
type Jump = 'break' | 'continue' | undefined

/** Runs statements and writes what they print to `out`. */
export function run(body: readonly Node[], scope: Scope, out: TextBuilder, budget: Budget): Jump {
  for (const node of body) {
    const jump = runNode(node, scope, out, budget)
    if (jump) return jump
  }
  return undefined
}

function runNode(node: Node, scope: Scope, out: TextBuilder, budget: Budget): Jump {
  budget.spend(1)
  switch (node.type) {
    case 'Comment':
      return undefined
    case 'If': {
      const branch = truthy(evaluate(node.test, scope, budget)) ? node.body : node.alternate
      return budget.deeper(() => run(branch, scope, out, budget))
    }
    case 'For':
      budget.deeper(() => runFor(node, scope, out, budget))
      return undefined
    case 'Break':
      return 'break'
    case 'Continue':
      return 'continue'
    case 'Set':
      runSet(node, scope, budget)
      return undefined
    case 'Macro':
      scope.set(node.name.value, macro(node.name.value, node.args, node.body, scope, budget))
      return undefined
    case 'CallStatement':
      out.add(str(call(node, scope, budget), budget))
      return undefined
    case 'FilterStatement':
      out.add(str(filtered(captured(node.body, scope, budget), node.filter, scope, budget), budget))
      return undefined
    default: {
      const value = evaluate(node, scope, budget)
      // Templates are rendered so that a call for its effect alone prints nothing.
      if (value !== null) out.add(str(value, budget))
      return undefined
    }
  }
}

/** What a block prints, as a value. */
function captured(body: readonly Node[], scope: Scope, budget: Budget): Text {
  const out = new TextBuilder(budget)
  budget.deeper(() => run(body, new Scope(scope), out, budget))
  return out.text()
}

function runFor(
  { loopvar, iterable, body, defaultBlock }: For,
  outer: Scope,
  out: TextBuilder,
  budget: Budget,
) {
  const [source, test] =
    iterable.type === 'SelectExpression' ? [iterable.lhs, iterable.test] : [iterable, undefined]
  let items = iterate(evaluate(source, outer, budget), 'a loop', budget)
  if (test) {
    items = items.filter((item) => {
      const scope = new Scope(outer)
      assign(loopvar, item, scope)
      return truthy(evaluate(test, scope, budget))
    })
  }
  const { length } = items
  for (let i = 0; i < length; i++) {
    budget.spend(4)
    // A turn's variables are its own.
    const scope = new Scope(outer)
    scope.set('loop', new Loop(items, i))
    assign(loopvar, items[i], scope)
    if (run(body, scope, out, budget) === 'break') break
  }
  if (length === 0) run(defaultBlock, new Scope(outer), out, budget)
}

/** The variable `loop`, at turn `i`. Its attributes are made when they are asked for: most turns ask for none. */
class Loop extends Namespace {
  readonly #items: readonly Value[]
  readonly #i: number

  constructor(items: readonly Value[], i: number) {
    super()
    this.#items = items
    this.#i = i
  }

  override get(name: string): Value | undefined {
    const i = this.#i
    const { length } = this.#items
    switch (name) {
      case 'index':
        return i + 1
      case 'index0':
        return i
      case 'revindex':
        return length - i
      case 'revindex0':
        return length - i - 1
      case 'first':
        return i === 0
      case 'last':
        return i === length - 1
      case 'length':
        return length
      case 'previtem':
        return orUndefined(this.#items[i - 1], 'loop.previtem')
      case 'nextitem':
        return orUndefined(this.#items[i + 1], 'loop.nextitem')
      case 'cycle':
        return new Callable(({ positional }) => positional[i % positional.length] ?? null)
      default:
        return undefined
    }
  }
}

function assign(target: Identifier | Tuple, value: Value, scope: Scope): void {
  if (target.type === 'Identifier') {
    scope.set(target.value, value)
    return
  }
  if (!(value instanceof List) || value.items.length !== target.value.length) {
    throw templateFailed(`${typeName(value)} does not unpack into ${target.value.length} variables`)
  }
  for (const [i, part] of target.value.entries()) {
    if (part.type !== 'Identifier' && part.type !== 'TupleLiteral')
      throw templateFailed('an odd loop variable')
    assign(part, value.items[i], scope)
  }
}

function runSet({ assignee, value, body }: SetStatement, scope: Scope, budget: Budget): void {
  const result = value ? evaluate(value, scope, budget) : captured(body, scope, budget)
  if (assignee.type === 'Identifier' || assignee.type === 'TupleLiteral') {
    assign(assignee, result, scope)
    return
  }
  if (assignee.type !== 'MemberExpression' || assignee.property.type !== 'Identifier') {
    throw templateFailed('set of something that is no variable')
  }
  const object = evaluate(assignee.object, scope, budget)
  if (!(object instanceof Namespace)) throw templateFailed(`set of an attribute of ${typeName(object)}`)
  object.attributes.set(assignee.property.value, result)
}

/** A macro sees the variables of the place where it is defined, and its parameters. */
function macro(
  name: string,
  parameters: readonly Parameter[],
  body: readonly Node[],
  defining: Scope,
  budget: Budget,
): Callable {
  return new Callable(({ positional, named }: Arguments) => {
    const scope = new Scope(defining)
    const left = new Map(named.entries().map((entry) => [nameOf(entry[0]), entry]))
    const take = (key: string) => {
      const value = left.get(key)?.[1]
      left.delete(key)
      return value
    }
    scope.set('caller', take('caller') ?? new Undefined('caller'))
    for (const [i, parameter] of parameters.entries()) {
      const key = parameter.type === 'Identifier' ? parameter.value : parameter.key.value
      const byName = take(key)
      const value = positional[i] === undefined ? byName : positional[i]
      if (value !== undefined) scope.set(key, value)
      else if (parameter.type === 'Identifier') scope.set(key, new Undefined(key))
      else scope.set(key, evaluate(parameter.value, scope, budget))
    }
    scope.set('varargs', new List(positional.slice(parameters.length)))
    scope.set('kwargs', dictOf([...left.values()], budget))
    budget.enter()
    const out = new TextBuilder(budget)
    const jump = run(body, scope, out, budget)
    if (jump) throw templateFailed(`${jump} outside of a loop, in the macro ${name}`)
    budget.leave()
    return out.text()
  })
}

/** The name of an argument. */
function nameOf(key: Value): string {
  if (key instanceof Text) return key.text
  throw templateFailed(`an argument with ${typeName(key)} for a name`)
}

function call({ call, callerArgs, body }: CallStatement, scope: Scope, budget: Budget): Value {
  const callee = evaluate(call.callee, scope, budget)
  if (!(callee instanceof Callable)) throw templateFailed(`call of ${typeName(callee)}`)
  const { positional, named } = argumentsOf(call, scope, budget)
  const caller = macro('caller', callerArgs ?? [], body, scope, budget)
  return callee.call({ positional, named: dictOf([...named.entries(), [Text.of('caller'), caller]], budget) })
}
