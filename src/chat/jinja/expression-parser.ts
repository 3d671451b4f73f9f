import type { BinaryOperator, CompareOperator, Expression } from './nodes.js'
import { type ListOptions, OperandParser } from './operand-parser.js'

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])

/** Parses Jinja's expressions: a method per level of precedence, from the loosest to the tightest. */
export abstract class ExpressionParser extends OperandParser {
  protected override list(options: ListOptions = {}): Expression {
    const { conditional = true, mayBeEmpty = false } = options
    const { at } = this.tokens.current
    const items: Expression[] = []
    let isTuple = false
    while (!this.endsList()) {
      items.push(conditional ? this.expression() : this.#or())
      if (!this.tokens.skip(',')) break
      isTuple = true
    }
    if (!isTuple && items.length === 1) return items[0]
    if (items.length === 0 && !mayBeEmpty) this.tokens.unexpected('an expression')
    return { kind: 'tuple', items, at }
  }

  protected override expression(): Expression {
    return this.tokens.deeper(() => {
      let then = this.#or()
      for (let count = 1; this.tokens.skipName('if'); count++) {
        this.tokens.chained(count)
        const test = this.#or()
        const otherwise = this.tokens.skipName('else') ? this.expression() : undefined
        then = { kind: 'conditional', test, then, otherwise, at: then.at }
      }
      return then
    })
  }

  #or(): Expression {
    return this.#logical('or', () => this.#logical('and', () => this.#not()))
  }

  #logical(kind: 'and' | 'or', operand: () => Expression): Expression {
    let left = operand()
    for (let count = 1; this.tokens.isName(kind); count++) {
      this.tokens.chained(count)
      const { at } = this.tokens.take()
      left = { kind, left, right: operand(), at }
    }
    return left
  }

  #not(): Expression {
    if (!this.tokens.isName('not')) return this.#comparison()
    const { at } = this.tokens.take()
    return { kind: 'not', operand: this.tokens.deeper(() => this.#not()), at }
  }

  #comparison(): Expression {
    const first = this.#sum()
    const { at } = this.tokens.current
    const rest: { operator: CompareOperator; operand: Expression }[] = []
    for (;;) {
      const operator = this.#compareOperator()
      if (operator === undefined) break
      rest.push({ operator, operand: this.#sum() })
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest, at }
  }

  #compareOperator(): CompareOperator | undefined {
    const { tokens } = this
    const { type } = tokens.current
    if (COMPARISONS.has(type)) {
      tokens.take()
      return type as CompareOperator
    }
    if (tokens.skipName('in')) return 'in'
    const { following } = tokens
    if (!tokens.isName('not') || following.type !== 'name' || following.text !== 'in') return undefined
    tokens.take()
    tokens.take()
    return 'not in'
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat())
  }

  #concat(): Expression {
    const first = this.#product()
    if (!this.tokens.is('~')) return first
    const { at } = this.tokens.current
    const parts = [first]
    while (this.tokens.skip('~')) parts.push(this.#product())
    return { kind: 'concat', parts, at }
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#binary(['**'], () => this.operand()))
  }

  /** All of Jinja's operators are left-associative, including `**`. */
  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand()
    for (let count = 1; ; count++) {
      const operator = operators.find((operator) => this.tokens.is(operator))
      if (operator === undefined) return left
      this.tokens.chained(count)
      const { at } = this.tokens.take()
      left = { kind: 'binary', operator, left, right: operand(), at }
    }
  }
}
