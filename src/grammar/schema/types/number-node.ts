import { choice, type Node, set, text } from '../../grammar.js'
import { BudgetExceeded } from '../../regular/budget.js'
import { determinize } from '../../regular/determinize.js'
import { type Dfa, difference, intersection } from '../../regular/dfa.js'
import {
  ANYTHING,
  anyOf,
  type Expression,
  expressionOf,
  inOrder,
  oneOf,
  repeated,
  texts,
} from '../../regular/expression.js'
import type { Flat } from '../flat.js'
import { ANY_INTEGER, ANY_NUMBER, automatonNode } from '../json-text.js'
import { MAX_REMAINDERS, multiplesOf, stepOf } from './multiples.js'
import { boundedNumber, isMultiple, isWithin, listMultiples, type NumberType, type Share } from './numbers.js'
import type { Strings } from './strings.js'

/** Number of listed multiples of a large step on each side of zero. */
const MAX_LISTED = 500

/** Digits of an unbounded number: those that a double distinguishes. */
const WHOLE_DIGITS = 9
const FRACTION_DIGITS = 6

const DIGIT = oneOf([[0x30, 0x39]])
const ZEROS = repeated(oneOf([[0x30, 0x30]]), 0, Number.POSITIVE_INFINITY)

/** Context for building numbers. */
export interface NumberContext {
  readonly rules: ReadonlyMap<string, Node>
  readonly share: Share
  readonly strings: Strings
}

/** The numbers of a type of a flat schema. */
export function numberNode(flat: Flat, type: NumberType, context: NumberContext): Node {
  const { lows, highs, multiples, notMultiples } = flat
  if (multiples.length + notMultiples.length + excludedNumbers(flat).length > 0) {
    return context.share(`number ${keyOf(flat, type)}`, () => {
      const large = multiples.find((step) => stepOf(step).units > MAX_REMAINDERS)
      if (large === undefined) return automatonNode(numberDfa(flat, type, context), set)
      return choice(listed(flat, large).map(text))
    })
  }
  if (lows.length === 0 && highs.length === 0) return type === 'integer' ? ANY_INTEGER : ANY_NUMBER
  return context.share(`number ${keyOf(flat, type)}`, () => boundedNumber(lows, highs, type, context.share))
}

/** Those that begin with a given digit, in plain notation, in which equal numbers have equal first digits. */
export function numberOfKind(flat: Flat, type: NumberType, digit: number, context: NumberContext): Node {
  return context.share(`number ${digit} ${keyOf(flat, type)}`, () =>
    context.strings.bounded(flat.pointer, (budget) => {
      const first = oneOf([[0x30 + digit, 0x30 + digit]])
      const begins = determinize(inOrder([optional(texts(['-'])), first, ANYTHING]), budget)
      return automatonNode(intersection(numberDfa(flat, type, context), begins, budget), set)
    }),
  )
}

/** The numbers of a flat schema in plain notation. */
function numberDfa(flat: Flat, type: NumberType, context: NumberContext): Dfa {
  const { multiples, notMultiples } = flat
  return context.strings.bounded(flat.pointer, (budget) => {
    const large = multiples.find((step) => stepOf(step).units > MAX_REMAINDERS)
    if (large !== undefined) return determinize(texts(listed(flat, large)), budget)
    let dfa = determinize(withinBounds(flat, type, context), budget)
    try {
      for (const step of multiples) dfa = intersection(dfa, multiplesOf(stepOf(step), budget), budget)
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error
      return determinize(texts(listed(flat, Math.max(...multiples))), budget)
    }
    for (const step of notMultiples) dfa = difference(dfa, multiplesOf(stepOf(step), budget), budget)
    for (const value of excludedNumbers(flat)) {
      dfa = difference(dfa, determinize(spellings(value), budget), budget)
    }
    return dfa
  })
}

function withinBounds({ lows, highs }: Flat, type: NumberType, { rules, share }: NumberContext): Expression {
  if (lows.length + highs.length > 0) {
    return expressionOf(boundedNumber(lows, highs, type, share), rules)
  }
  const nonZero = inOrder([
    optional(texts(['-'])),
    oneOf([[0x31, 0x39]]),
    repeated(DIGIT, 0, WHOLE_DIGITS - 1),
  ])
  if (type === 'integer') return anyOf([texts(['0']), nonZero])
  const fraction = optional(inOrder([texts(['.']), repeated(DIGIT, 1, FRACTION_DIGITS)]))
  return inOrder([anyOf([texts(['0', '-0']), nonZero]), fraction])
}

function optional(body: Expression): Expression {
  return repeated(body, 0, 1)
}

function excludedNumbers({ excluded }: Flat): number[] {
  return [...excluded.values()].filter((value) => typeof value === 'number')
}

function keyOf({ lows, highs, multiples, notMultiples, excluded }: Flat, type: NumberType): string {
  return JSON.stringify([lows, highs, multiples, notMultiples, [...excluded.keys()], type])
}

/** A list of the multiples of a large step nearest to zero. */
function listed(flat: Flat, step: number): string[] {
  const { lows, highs, multiples, notMultiples } = flat
  const excluded = excludedNumbers(flat)
  const { units, decimals, zeros } = stepOf(step)
  // Integer multiples only: of 12.345, every thousandth.
  const whole = BigInt(units) * 10n ** BigInt(zeros)
  return listMultiples(decimals > 0 ? BigInt(units) : whole, lows, highs, MAX_LISTED)
    .map(Number)
    .filter(
      (value) =>
        isWithin(value, lows, highs) &&
        multiples.every((each) => isMultiple(value, each)) &&
        !notMultiples.some((each) => isMultiple(value, each)) &&
        !excluded.includes(value),
    )
    .map(String)
}

/** A number in plain notation, with trailing zeros. */
function spellings(value: number): Expression {
  const [whole, fraction] = plain(value).split('.')
  const point = oneOf([[0x2e, 0x2e]])
  const digits = fraction === undefined ? [] : [texts([fraction])]
  const tail = inOrder([point, ...digits, ...(digits.length > 0 ? [ZEROS] : [oneOf([[0x30, 0x30]]), ZEROS])])
  const shown = value === 0 ? texts(['0', '-0']) : texts([whole])
  return inOrder([shown, fraction === undefined ? optional(tail) : tail])
}

/** A number without an exponent. */
function plain(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  const [digits, exponent] = text.split('e')
  const [whole, fraction = ''] = digits.replace('-', '').split('.')
  const point = whole.length + Number(exponent)
  const all = whole + fraction
  const sign = value < 0 ? '-' : ''
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${all}`
  return `${sign}${all.padEnd(point, '0').slice(0, point)}${point < all.length ? `.${all.slice(point)}` : ''}`
}
