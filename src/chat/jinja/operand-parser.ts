import type { Call, CallArguments, Expression, FilterStep, Target } from './nodes.js'
import { Float } from './numbers.js'
import { FROM_TEMPLATE, Text } from './text.js'
import type { TokenStream } from './token-stream.js'
import type { Token } from './tokens.js'

const NO_ARGUMENTS: CallArguments = { positional: [], named: [], spread: undefined, namedSpread: undefined }

/** Names of constants, in Python's spelling and in Jinja's. */
const CONSTANTS: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
])

/** Tokens that an argument of a test without parentheses may begin with. */
const ARGUMENT_STARTS: ReadonlySet<string> = new Set(['name', 'string', 'integer', 'float', '[', '{'])

/** How a list of expressions without its own brackets is parsed. */
export interface ListOptions {
  /** Whether it may contain `a if b else c`. Default: true. */
  readonly conditional?: boolean
  /** Whether it may be empty, which is an empty tuple. Default: false. */
  readonly mayBeEmpty?: boolean
}

/** `namespace`: whether attributes of a namespace are allowed. Default: false. */
interface TargetOptions {
  readonly namespace?: boolean
}

/** Parses operands of operators, and targets of assignments. */
export abstract class OperandParser {
  protected readonly tokens: TokenStream

  constructor(tokens: TokenStream) {
    this.tokens = tokens
  }

  /** Called with each name that is read. */
  protected reads(_name: string): void {}

  /** A whole expression. */
  protected abstract expression(): Expression

  /** An expression, or several separated by commas, which are a tuple. */
  protected abstract list(options?: ListOptions): Expression

  /** Whether a list of expressions without its own brackets ends here. */
  protected endsList(): boolean {
    return this.tokens.is('}}') || this.tokens.is('%}') || this.tokens.is(')')
  }

  /** An operand with its signs, filters and tests. A sign binds more tightly than these: `-1|abs` is 1. */
  protected operand(): Expression {
    return this.#filtered(this.#signed())
  }

  #signed(): Expression {
    const { tokens } = this
    const { type, at } = tokens.current
    if (type !== '+' && type !== '-') return this.#postfix(this.#primary())
    tokens.take()
    return { kind: 'sign', operator: type, operand: tokens.deeper(() => this.#signed()), at }
  }

  #primary(): Expression {
    const { tokens } = this
    const token = tokens.current
    switch (token.type) {
      case 'name':
        tokens.take()
        return this.#named(token.text, token.at)
      case 'string':
        return this.#strings()
      case 'integer':
        tokens.take()
        return { kind: 'constant', value: token.value, at: token.at }
      case 'float':
        tokens.take()
        return { kind: 'constant', value: new Float(token.value), at: token.at }
      case '(': {
        tokens.take()
        const inner = this.list({ mayBeEmpty: true })
        tokens.expect(')')
        return inner
      }
      case '[':
        tokens.take()
        return { kind: 'list', items: this.#items(']', () => this.expression()), at: token.at }
      case '{':
        tokens.take()
        return { kind: 'dict', pairs: this.#items('}', () => this.#pair()), at: token.at }
      default:
        return tokens.unexpected('an expression')
    }
  }

  #named(name: string, at: number): Expression {
    const constant = CONSTANTS.get(name)
    if (constant !== undefined) return { kind: 'constant', value: constant, at }
    this.reads(name)
    return { kind: 'name', name, at }
  }

  /** Adjacent strings are concatenated. */
  #strings(): Expression {
    const { at } = this.tokens.current
    const pieces: string[] = []
    for (let token = this.tokens.current; token.type === 'string'; token = this.tokens.current) {
      pieces.push(token.text)
      this.tokens.take()
    }
    return { kind: 'constant', value: Text.of(pieces.join(''), FROM_TEMPLATE), at }
  }

  /** Comma-separated items up to the closing bracket; a trailing comma is allowed. */
  #items<T>(close: Token['type'], item: () => T): T[] {
    const items: T[] = []
    while (!this.tokens.skip(close)) {
      if (items.length > 0) {
        this.tokens.expect(',')
        if (this.tokens.skip(close)) break
      }
      items.push(item())
    }
    return items
  }

  #pair(): { key: Expression; value: Expression } {
    const key = this.expression()
    this.tokens.expect(':')
    return { key, value: this.expression() }
  }

  #postfix(operand: Expression): Expression {
    let node = operand
    for (let count = 1; ; count++) {
      const { type } = this.tokens.current
      if (type === '.') node = this.#attribute(node)
      else if (type === '[') node = this.#subscript(node)
      else if (type === '(') node = this.#call(node)
      else return node
      this.tokens.chained(count)
    }
  }

  #filtered(operand: Expression): Expression {
    let node = operand
    for (let count = 1; ; count++) {
      const { at } = this.tokens.current
      if (this.tokens.skip('|')) node = { kind: 'filter', operand: node, step: this.filterStep(), at }
      else if (this.tokens.skipName('is')) node = this.#test(node, at)
      else if (this.tokens.is('(')) node = this.#call(node)
      else return node
      this.tokens.chained(count)
    }
  }

  #attribute(object: Expression): Expression {
    const { at } = this.tokens.take()
    const token = this.tokens.current
    if (token.type === 'integer') {
      this.tokens.take()
      return { kind: 'item', object, index: { kind: 'constant', value: token.value, at: token.at }, at }
    }
    if (token.type !== 'name') this.tokens.unexpected('a name or a number')
    this.tokens.take()
    return { kind: 'attribute', object, name: Text.of(token.text, FROM_TEMPLATE), at }
  }

  #subscript(object: Expression): Expression {
    const { tokens } = this
    const { at } = tokens.take()
    const index = tokens.is(':') ? undefined : this.#index()
    if (!tokens.skip(':')) {
      tokens.expect(']')
      // Without a colon there is an index, which may be the empty tuple.
      return { kind: 'item', object, index: index as Expression, at }
    }
    const isEnd = () => tokens.is(']') || tokens.is(':')
    const stop = isEnd() ? undefined : this.expression()
    const step = tokens.skip(':') && !isEnd() ? this.expression() : undefined
    tokens.expect(']')
    return { kind: 'slice', object, start: index, stop, step, at }
  }

  /** An index, or several, which are a tuple. */
  #index(): Expression {
    const { tokens } = this
    const { at } = tokens.current
    const items: Expression[] = []
    while (!tokens.is(']')) {
      if (items.length > 0) tokens.expect(',')
      items.push(this.expression())
      if (items.length === 1 && tokens.is(':')) return items[0]
    }
    return items.length === 1 ? items[0] : { kind: 'tuple', items, at }
  }

  #call(callee: Expression): Call {
    return { kind: 'call', callee, args: this.#arguments(), at: callee.at }
  }

  /** A filter's name and arguments. */
  protected filterStep(): FilterStep {
    const { at } = this.tokens.current
    return { name: this.#dottedName(), args: this.#optionalArguments(), at }
  }

  /** Chained filters, each after a `|`. */
  protected filterSteps(): FilterStep[] {
    const steps: FilterStep[] = []
    while (this.tokens.skip('|')) steps.push(this.filterStep())
    return steps
  }

  #dottedName(): string {
    const parts = [this.tokens.name().text]
    while (this.tokens.skip('.')) parts.push(this.tokens.name().text)
    return parts.join('.')
  }

  #optionalArguments(): CallArguments {
    return this.tokens.is('(') ? this.#arguments() : NO_ARGUMENTS
  }

  #test(operand: Expression, at: number): Expression {
    const negated = this.tokens.skipName('not')
    const name = this.#dottedName()
    const args = this.#testArguments()
    const test: Expression = { kind: 'test', operand, name, args, at }
    return negated ? { kind: 'not', operand: test, at } : test
  }

  #testArguments(): CallArguments {
    const { tokens } = this
    if (tokens.is('(')) return this.#arguments()
    if (tokens.isName('is')) tokens.fail('tests with "is" cannot be chained')
    if (!ARGUMENT_STARTS.has(tokens.current.type) || tokens.isName('else', 'or', 'and')) return NO_ARGUMENTS
    return { ...NO_ARGUMENTS, positional: [tokens.deeper(() => this.#postfix(this.#primary()))] }
  }

  #arguments(): CallArguments {
    const { tokens } = this
    tokens.expect('(')
    const positional: Expression[] = []
    const named: { name: Text; value: Expression }[] = []
    const names = new Set<string>()
    let spread: Expression | undefined
    let namedSpread: Expression | undefined
    this.#items(')', () => {
      const token = tokens.current
      const allowed = (isAllowed: boolean) => {
        if (!isAllowed) tokens.fail('the arguments of a call are in the wrong order', token.at)
      }
      allowed(namedSpread === undefined)
      if (tokens.skip('*')) {
        allowed(spread === undefined)
        spread = this.expression()
      } else if (tokens.skip('**')) namedSpread = this.expression()
      else if (token.type === 'name' && tokens.following.type === '=') {
        tokens.take()
        tokens.take()
        if (names.has(token.text)) tokens.fail('an argument is given twice', token.at)
        names.add(token.text)
        named.push({ name: Text.of(token.text, FROM_TEMPLATE), value: this.expression() })
      } else {
        allowed(spread === undefined && named.length === 0)
        positional.push(this.expression())
      }
    })
    return { positional, named, spread, namedSpread }
  }

  /** The target of an assignment: a name, several, or an attribute of a namespace if `namespace` is set. */
  protected target(options: TargetOptions = {}): Target {
    const { tokens } = this
    const { at } = tokens.current
    const items: Target[] = []
    let isTuple = false
    while (!this.endsList()) {
      items.push(this.#targetItem(options))
      if (!tokens.skip(',')) break
      isTuple = true
    }
    if (items.length === 0) tokens.unexpected('a variable')
    return isTuple ? { kind: 'tuple', items, at } : items[0]
  }

  #targetItem({ namespace = false }: TargetOptions): Target {
    const { tokens } = this
    if (tokens.skip('(')) {
      const inner = tokens.deeper(() => this.target())
      tokens.expect(')')
      return inner
    }
    const { text: name, at } = tokens.name()
    if (CONSTANTS.has(name)) tokens.fail(`"${name}" cannot be assigned to`, at)
    if (!namespace || !tokens.skip('.')) return { kind: 'name', name, at }
    this.reads(name)
    return { kind: 'namespace', name, attribute: tokens.name().text, at }
  }
}
