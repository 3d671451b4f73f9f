import type { TokenId } from '../tokenizer/tokenizer.js'
import type { CodePointRange } from './code-points.js'

/**
 * The grammar AST that GBNF and JSON Schema compile to. Nodes may be shared; a reference names a rule.
 */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  /** A control token. */
  | { readonly kind: 'token'; readonly id: TokenId }
  /** One character of these ranges, which are ascending and not adjacent. */
  | { readonly kind: 'set'; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  /** One of the alternatives; an empty list matches nothing. */
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly name: string }
  /** A DFA that starts in its first state. It has at least one state, and every state can reach an accepting one. */
  | { readonly kind: 'automaton'; readonly states: readonly AutomatonNodeState[] }
  /** `node` within a string: no token may end at its beginning, unless a quote may follow there. */
  | { readonly kind: 'passing'; readonly node: Node }

export interface AutomatonNodeState {
  readonly accepts: boolean
  /** No token may end here, unless a quote may follow. */
  readonly passing?: boolean
  /** Nodes that match one character, and their target states. */
  readonly edges: readonly { readonly node: Node; readonly to: number }[]
}

export interface Grammar {
  readonly rules: ReadonlyMap<string, Node>
  /** The start rule. */
  readonly root: string
}

/** Matches only the empty text. */
export const EMPTY: Node = { kind: 'text', text: '' }

/** Matches nothing. */
export const NEVER: Node = { kind: 'choice', options: [] }

export function text(value: string): Node {
  return { kind: 'text', text: value }
}

export function token(id: TokenId): Node {
  return { kind: 'token', id }
}

export function set(ranges: readonly CodePointRange[]): Node {
  return ranges.length === 0 ? NEVER : { kind: 'set', ranges }
}

export function rule(name: string): Node {
  return { kind: 'rule', name }
}

/** Concatenation of the parts; matches nothing if one of them matches nothing. */
export function sequence(parts: readonly Node[]): Node {
  if (parts.some(isNever)) return NEVER
  const kept = parts.filter((part) => part !== EMPTY)
  return kept.length === 1 ? kept[0] : kept.length === 0 ? EMPTY : { kind: 'sequence', parts: kept }
}

/** Any of the alternatives that can match. */
export function choice(options: readonly Node[]): Node {
  const kept = options.filter((option) => !isNever(option))
  return kept.length === 1 ? kept[0] : kept.length === 0 ? NEVER : { kind: 'choice', options: kept }
}

export function repeat(node: Node, min: number, max = Number.POSITIVE_INFINITY): Node {
  if (max === 0) return EMPTY
  if (isNever(node)) return min === 0 ? EMPTY : NEVER
  return min === 1 && max === 1 ? node : { kind: 'repeat', node, min, max }
}

export function optional(node: Node): Node {
  return repeat(node, 0, 1)
}

export function isNever(node: Node): boolean {
  return node.kind === 'choice' && node.options.length === 0
}
