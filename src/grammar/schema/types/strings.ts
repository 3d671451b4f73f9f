import { DasllamaError } from '../../../errors.js'
import { choice, NEVER, type Node, repeat, sequence } from '../../grammar.js'
import { MAX_AUTOMATON_STEPS } from '../../limits.js'
import { Budget, BudgetExceeded } from '../../regular/budget.js'
import { determinize } from '../../regular/determinize.js'
import {
  accepts,
  type Dfa,
  difference,
  intersection,
  isEmpty,
  ofLength,
  universal,
} from '../../regular/dfa.js'
import { type Expression, hasLook, lengthsOf, repeated, searched, texts } from '../../regular/expression.js'
import { tooLarge } from '../failures.js'
import type { Flat, PlacedPattern } from '../flat.js'
import { ANY_STRING, automatonNode, quoted, STRING_CHARACTER, spelled } from '../json-text.js'
import type { Notices } from '../notices.js'
import { parsePattern } from './pattern.js'

/** The string keywords of a schema. */
export type StringLimits = Pick<Flat, 'pointer' | 'minLength' | 'maxLength' | 'patterns' | 'excluded'>

/**
 * The strings of a schema. A single expression that covers all constraints becomes a node directly; several expressions,
 * complements, and lengths that the expression does not imply become a DFA.
 */
export class Strings {
  readonly #notices: Notices
  readonly #budget = new Budget(MAX_AUTOMATON_STEPS)
  readonly #expressions = new Map<string, Expression>()
  readonly #automata = new Map<string, Dfa>()
  readonly #nodes = new Map<string, Node>()

  constructor(notices: Notices) {
    this.#notices = notices
  }

  /** Their JSON texts, quotes included; `NEVER` if there are none. */
  node(limits: StringLimits): Node {
    const { minLength: min, maxLength: max, patterns } = limits
    if (min > max) return NEVER
    const excluded = excludedTexts(limits)
    const isPlain = patterns.length === 0 && excluded.length === 0
    if (isPlain && min === 0 && max === Number.POSITIVE_INFINITY) return ANY_STRING
    const key = JSON.stringify([min, max, excluded, patterns.map(({ text, negated }) => [text, negated])])
    let node = this.#nodes.get(key)
    if (!node) {
      const direct = isPlain
        ? repeat(STRING_CHARACTER, min, max)
        : excluded.length === 0 && patterns.length === 1
          ? this.#direct(patterns[0], min, max)
          : undefined
      node = quoted(direct ?? automatonNode(this.dfa(limits), spelled))
      this.#nodes.set(key, node)
    }
    return node
  }

  /** The same as an automaton. Throws `LIMIT` if it would be too large. */
  dfa(limits: StringLimits): Dfa {
    const { pointer, minLength, maxLength, patterns } = limits
    return this.#bounded(patterns[0]?.pointer ?? pointer, () => {
      const positive = patterns.filter(({ negated }) => !negated)
      const negative = patterns.filter(({ negated }) => negated)
      // Formats last: they are dropped if they cannot be combined with a pattern.
      const [first, ...others] = positive.sort((a, b) => Number(a.isFormat) - Number(b.isFormat))
      let dfa = first ? this.#automaton(first) : universal()
      for (const pattern of others) dfa = this.#alsoMatching(dfa, pattern, first)
      for (const pattern of negative) dfa = difference(dfa, this.#automaton(pattern), this.#budget)
      const excluded = excludedTexts(limits)
      if (excluded.length > 0) {
        dfa = difference(dfa, determinize(texts(excluded), this.#budget), this.#budget)
      }
      return ofLength(dfa, minLength, maxLength, this.#budget)
    })
  }

  /** Runs work on automata for a location in the schema. Throws `LIMIT` if it exceeds the budget. */
  bounded<T>(pointer: string, work: (budget: Budget) => T): T {
    return this.#bounded(pointer, () => work(this.#budget))
  }

  /** Whether a text matches a pattern. */
  matches(pattern: PlacedPattern, text: string): boolean {
    return this.#bounded(pattern.pointer, () => accepts(this.#automaton(pattern), text) !== pattern.negated)
  }

  /** Intersects with one more pattern. A format that contradicts or cannot be combined with a pattern is dropped. */
  #alsoMatching(dfa: Dfa, pattern: PlacedPattern, first: PlacedPattern): Dfa {
    const mayGiveWay = pattern.isFormat && !first.isFormat
    try {
      const both = intersection(dfa, this.#automaton(pattern), this.#budget)
      if (!mayGiveWay || isEmpty(dfa) || !isEmpty(both)) return both
      this.#notices.add(
        pattern.pointer,
        'is not enforced: nothing of this format matches the pattern beside it',
      )
    } catch (error) {
      if (!mayGiveWay || !(error instanceof BudgetExceeded)) throw error
      this.#notices.add(pattern.pointer, 'is not enforced: with the pattern beside it it is too large')
    }
    return dfa
  }

  #bounded<T>(pointer: string, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error
      throw new DasllamaError('LIMIT', tooLarge(pointer, 'this needs too large an automaton').message, {
        hint: 'lower its repetitions, or let fewer expressions and lengths hold together',
      })
    }
  }

  /** A single expression without assertions, whose lengths are implied or easily restricted. */
  #direct(pattern: PlacedPattern, min: number, max: number): Node | undefined {
    if (pattern.negated) return undefined
    const expression = this.#expression(pattern)
    if (hasLook(expression)) return undefined
    const lengths = lengthsOf(expression)
    if (lengths.min >= min && lengths.max <= max) return nodeOf(expression, new Map())
    const one = expression.kind === 'set' ? repeated(expression, 1, 1) : expression
    if (one.kind !== 'repeat' || one.body.kind !== 'set') return undefined
    const bounds = [Math.max(one.min, min), Math.min(one.max, max)] as const
    return bounds[0] > bounds[1] ? NEVER : repeat(spelled(one.body.ranges), ...bounds)
  }

  #expression({ text, pointer }: PlacedPattern): Expression {
    let expression = this.#expressions.get(text)
    if (!expression) {
      expression = searched(parsePattern(text, pointer))
      this.#expressions.set(text, expression)
    }
    return expression
  }

  #automaton(pattern: PlacedPattern): Dfa {
    let dfa = this.#automata.get(pattern.text)
    if (!dfa) {
      dfa = determinize(this.#expression(pattern), this.#budget)
      this.#automata.set(pattern.text, dfa)
    }
    return dfa
  }
}

function excludedTexts({ excluded }: StringLimits): string[] {
  return [...excluded.values()].filter((value) => typeof value === 'string')
}

/** An expression without assertions as the content between the quotes. */
function nodeOf(expression: Expression, known: Map<Expression, Node>): Node {
  let node = known.get(expression)
  if (node) return node
  switch (expression.kind) {
    case 'set':
      node = spelled(expression.ranges)
      break
    case 'sequence':
      node = sequence(expression.parts.map((part) => nodeOf(part, known)))
      break
    case 'choice':
      node = choice(expression.options.map((option) => nodeOf(option, known)))
      break
    case 'repeat':
      node = repeat(nodeOf(expression.body, known), expression.min, expression.max)
      break
    case 'look':
      throw new Error('a condition is not a node')
  }
  known.set(expression, node)
  return node
}
