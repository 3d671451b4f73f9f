import type { Block, CallArguments, Expression, Macro, Statement, Target } from './nodes.js'

/**
 * Determines which names are undefined in which scope, as Jinja does when it compiles a template: a name that a scope sets
 * before it reads it, and that no enclosing scope knows, is undefined until it is set, even if there is a variable with that
 * name. `{% for i in [1] %}{{ x }}{% endfor %}{% set x = 1 %}` prints nothing, whatever `x` is.
 */
export function resolveScopes(template: Block): void {
  resolve(template, new Symbols(undefined, undefined), () => {})
}

/** The names of one scope, or of a branch of an `if` in it. */
class Symbols {
  /** Names that are read or set here. */
  readonly known = new Set<string>()
  readonly stored = new Set<string>()
  readonly unset = new Set<string>()
  readonly #outer: Symbols | undefined
  readonly #trunk: Symbols | undefined

  /** `outer`: the enclosing scope. `trunk`: the names that a branch starts from. */
  constructor(outer: Symbols | undefined, trunk: Symbols | undefined) {
    this.#outer = outer
    this.#trunk = trunk
  }

  branch(): Symbols {
    return new Symbols(this.#outer, this)
  }

  inner(): Symbols {
    return new Symbols(this, undefined)
  }

  knows(name: string): boolean {
    return this.known.has(name) || this.#trunk?.knows(name) === true
  }

  finds(name: string): boolean {
    return this.knows(name) || this.#outer?.finds(name) === true
  }

  stores(name: string): boolean {
    return this.stored.has(name) || this.#trunk?.stores(name) === true
  }

  read(name: string): void {
    if (!this.finds(name)) this.known.add(name)
  }

  store(name: string): void {
    this.stored.add(name)
    if (this.knows(name)) return
    if (this.#outer?.finds(name) !== true) this.unset.add(name)
    this.known.add(name)
  }

  parameter(name: string): void {
    this.stored.add(name)
    this.known.add(name)
    this.unset.delete(name)
  }

  /** Merges the names of branches. A name that only branches set stays readable: if none of them runs, it may come from outside. */
  merge(branches: readonly Symbols[]): void {
    const fresh = new Set<string>()
    for (const { stored } of branches) for (const name of stored) if (!this.stores(name)) fresh.add(name)
    for (const { known, stored, unset } of branches) {
      for (const name of known) this.known.add(name)
      for (const name of stored) this.stored.add(name)
      for (const name of unset) this.unset.add(name)
    }
    for (const name of fresh) this.unset.delete(name)
  }
}

/** Visits of inner scopes, which need all names of the outer scope. */
type Later = (() => void)[]

/** Fills in `block.unset`; `declare` adds the names that the block's head declares. */
function resolve(block: Block, symbols: Symbols, declare: (symbols: Symbols) => void): void {
  const later: Later = []
  declare(symbols)
  visitAll(block.statements, symbols, symbols, later)
  block.unset.push(...symbols.unset)
  for (const visit of later) visit()
}

/** `symbols` are those of the branch, `scope` those of its scope, which inner scopes see as a whole. */
function visitAll(statements: readonly Statement[], symbols: Symbols, scope: Symbols, later: Later): void {
  for (const statement of statements) visit(statement, symbols, scope, later)
}

function visit(statement: Statement, symbols: Symbols, scope: Symbols, later: Later): void {
  const read = (expression: Expression) => readNames(expression, symbols)
  const inside = (block: Block, declare: (inner: Symbols) => void = () => {}) => {
    later.push(() => resolve(block, scope.inner(), declare))
  }
  switch (statement.kind) {
    case 'output':
      read(statement.value)
      return
    case 'do':
      read(statement.expression)
      return
    case 'if': {
      // Each `elif` is a separate branch.
      const ends: Symbols[] = []
      for (const { test, body } of statement.branches) {
        readNames(test, symbols)
        const branch = symbols.branch()
        visitAll(body, branch, scope, later)
        ends.push(branch)
      }
      const otherwise = symbols.branch()
      visitAll(statement.otherwise, otherwise, scope, later)
      symbols.merge([...ends, otherwise])
      return
    }
    case 'for': {
      read(statement.iterable)
      const { test, otherwise } = statement
      if (test) {
        inside(test.scope, (inner) => {
          parameters(statement.target, inner)
          readNames(test.condition, inner)
        })
      }
      inside(statement.body, (inner) => {
        inner.parameter('loop')
        parameters(statement.target, inner)
      })
      if (otherwise) inside(otherwise)
      return
    }
    case 'set':
      read(statement.value)
      storeNames(statement.target, symbols)
      return
    case 'capture':
      storeNames(statement.target, symbols)
      inside(statement.body, (inner) => {
        for (const { args } of statement.filters) readArguments(args, inner)
      })
      return
    case 'with':
      for (const { value } of statement.bindings) read(value)
      inside(statement.body, (inner) => {
        for (const { target } of statement.bindings) parameters(target, inner)
      })
      return
    case 'filter-block':
      for (const { args } of statement.filters) readArguments(args, symbols)
      inside(statement.body)
      return
    case 'macro':
      symbols.store(statement.name)
      inside(statement.macro.body, (inner) => macroParameters(statement.macro, inner))
      return
    case 'call-block':
      read(statement.call)
      inside(statement.caller.body, (inner) => macroParameters(statement.caller, inner))
      return
    case 'autoescape':
    case 'scope':
    case 'block':
      inside(statement.body)
      return
  }
}

function macroParameters(
  { parameters, takesCaller, takesNamed, takesPositional }: Macro,
  symbols: Symbols,
): void {
  for (const { name } of parameters) symbols.parameter(name)
  if (takesCaller) symbols.parameter('caller')
  if (takesNamed) symbols.parameter('kwargs')
  if (takesPositional) symbols.parameter('varargs')
  for (const parameter of parameters) if (parameter.default) readNames(parameter.default, symbols)
}

function parameters(target: Target, symbols: Symbols): void {
  if (target.kind === 'name') symbols.parameter(target.name)
  else if (target.kind === 'tuple') for (const item of target.items) parameters(item, symbols)
}

function storeNames(target: Target, symbols: Symbols): void {
  if (target.kind === 'name') symbols.store(target.name)
  else if (target.kind === 'namespace') symbols.read(target.name)
  else for (const item of target.items) storeNames(item, symbols)
}

function readArguments({ positional, named, spread, namedSpread }: CallArguments, symbols: Symbols): void {
  for (const value of positional) readNames(value, symbols)
  for (const { value } of named) readNames(value, symbols)
  if (spread) readNames(spread, symbols)
  if (namedSpread) readNames(namedSpread, symbols)
}

function readNames(expression: Expression, symbols: Symbols): void {
  const read = (inner: Expression | undefined) => {
    if (inner) readNames(inner, symbols)
  }
  switch (expression.kind) {
    case 'constant':
      return
    case 'name':
      symbols.read(expression.name)
      return
    case 'attribute':
      read(expression.object)
      return
    case 'item':
      read(expression.object)
      read(expression.index)
      return
    case 'slice':
      for (const part of [expression.object, expression.start, expression.stop, expression.step]) read(part)
      return
    case 'call':
      read(expression.callee)
      readArguments(expression.args, symbols)
      return
    case 'list':
    case 'tuple':
      for (const item of expression.items) read(item)
      return
    case 'dict':
      for (const { key, value } of expression.pairs) {
        read(key)
        read(value)
      }
      return
    case 'filter':
      read(expression.operand)
      readArguments(expression.step.args, symbols)
      return
    case 'test':
      read(expression.operand)
      readArguments(expression.args, symbols)
      return
    case 'not':
    case 'sign':
      read(expression.operand)
      return
    case 'and':
    case 'or':
    case 'binary':
      read(expression.left)
      read(expression.right)
      return
    case 'compare':
      read(expression.first)
      for (const { operand } of expression.rest) read(operand)
      return
    case 'concat':
      for (const part of expression.parts) read(part)
      return
    case 'conditional':
      read(expression.test)
      read(expression.then)
      read(expression.otherwise)
      return
  }
}
