import { ANY_CHARACTER, type CodePointRange } from '../code-points.js'
import type { Node } from '../grammar.js'

/** A regular expression over characters. Parts may be shared. */
export type Expression =
  /** One character of these ranges; an empty list matches nothing. */
  | { readonly kind: 'set'; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly options: readonly Expression[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly body: Expression; readonly min: number; readonly max: number }
  | Look

/** A lookahead or lookbehind assertion; consumes no character. */
export interface Look {
  readonly kind: 'look'
  readonly ahead: boolean
  readonly negated: boolean
  readonly body: Expression
}

const ANY: Expression = { kind: 'set', ranges: ANY_CHARACTER }
export const ANYTHING: Expression = { kind: 'repeat', body: ANY, min: 0, max: Number.POSITIVE_INFINITY }
/** Start of the text. */
export const START: Look = { kind: 'look', ahead: false, negated: true, body: ANY }
/** End of the text. */
export const END: Look = { kind: 'look', ahead: true, negated: true, body: ANY }

export function oneOf(ranges: readonly CodePointRange[]): Expression {
  return { kind: 'set', ranges }
}

export function inOrder(parts: readonly Expression[]): Expression {
  return parts.length === 1 ? parts[0] : { kind: 'sequence', parts }
}

export function anyOf(options: readonly Expression[]): Expression {
  return options.length === 1 ? options[0] : { kind: 'choice', options }
}

/** Repetition; `max` may be Infinity. */
export function repeated(body: Expression, min: number, max: number): Expression & { kind: 'repeat' } {
  return { kind: 'repeat', body, min, max }
}

/** Any of these texts. */
export function texts(all: readonly string[]): Expression {
  return anyOf(
    all.map((text) =>
      inOrder(
        Array.from(text, (character): Expression => {
          const codePoint = character.codePointAt(0)!
          return { kind: 'set', ranges: [[codePoint, codePoint]] }
        }),
      ),
    ),
  )
}

/** Whether it has a lookahead (`ahead: true`), a lookbehind (`false`), or either (default). */
export function hasLook(expression: Expression, direction: Partial<Pick<Look, 'ahead'>> = {}): boolean {
  switch (expression.kind) {
    case 'set':
      return false
    case 'sequence':
      return expression.parts.some((part) => hasLook(part, direction))
    case 'choice':
      return expression.options.some((option) => hasLook(option, direction))
    case 'repeat':
      return hasLook(expression.body, direction)
    case 'look':
      return (direction.ahead ?? expression.ahead) === expression.ahead || hasLook(expression.body, direction)
  }
}

/** Minimum and maximum length of a match. */
export function lengthsOf(expression: Expression): { readonly min: number; readonly max: number } {
  switch (expression.kind) {
    case 'set':
      return { min: 1, max: 1 }
    case 'look':
      return { min: 0, max: 0 }
    case 'sequence': {
      const all = expression.parts.map(lengthsOf)
      return { min: sum(all.map(({ min }) => min)), max: sum(all.map(({ max }) => max)) }
    }
    case 'choice': {
      const all = expression.options.map(lengthsOf)
      return {
        min: all.reduce((least, { min }) => Math.min(least, min), Number.POSITIVE_INFINITY),
        max: all.reduce((most, { max }) => Math.max(most, max), 0),
      }
    }
    case 'repeat': {
      const { min, max } = lengthsOf(expression.body)
      return {
        min: min * expression.min,
        max: max === 0 || expression.max === 0 ? 0 : max * expression.max,
      }
    }
  }
}

/**
 * Turns an expression that is searched for into one that matches the whole text: anchors at its edges are removed, and
 * anything is allowed where they were missing.
 */
export function searched(expression: Expression): Expression {
  if (expression.kind === 'choice') return anyOf(expression.options.map(searched))
  const parts = expression.kind === 'sequence' ? expression.parts : [expression]
  const begins = parts[0] === START
  const ends = parts.at(-1) === END
  return inOrder([
    ...(begins ? [] : [ANYTHING]),
    ...parts.slice(begins ? 1 : 0, ends ? -1 : undefined),
    ...(ends ? [] : [ANYTHING]),
  ])
}

/** Converts a non-recursive node to an expression. */
export function expressionOf(node: Node, rules: ReadonlyMap<string, Node>): Expression {
  switch (node.kind) {
    case 'text':
      return texts([node.text])
    case 'set':
      return oneOf(node.ranges)
    case 'sequence':
      return inOrder(node.parts.map((part) => expressionOf(part, rules)))
    case 'choice':
      return anyOf(node.options.map((option) => expressionOf(option, rules)))
    case 'repeat':
      return repeated(expressionOf(node.node, rules), node.min, node.max)
    case 'rule':
      return expressionOf(rules.get(node.name)!, rules)
    case 'passing':
      return expressionOf(node.node, rules)
    case 'automaton':
    case 'token':
      throw new Error(`a node of kind ${node.kind} is not converted back`)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
