import type { CodePointRange } from './code-points.js'

/**
 * A grammar as data: what GBNF and JSON Schema both become. Nodes may be shared; a rule stands wherever its name does.
 */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  /** One character out of these ranges, which ascend and do not touch. */
  | { readonly kind: 'set'; readonly ranges: readonly CodePointRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Node[] }
  /** One of the options; without any, nothing matches. */
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly node: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly name: string }
  /** A deterministic automaton that begins in its first state. Every state, of one at least, leads to one that accepts. */
  | { readonly kind: 'automaton'; readonly states: readonly AutomatonNodeState[] }
  /** What `node` matches, within a string: no token may end where it begins, unless a quote may follow there. */
  | { readonly kind: 'passing'; readonly node: Node }

export interface AutomatonNodeState {
  readonly accepts: boolean
  /** No token may end here, unless a quote may follow. */
  readonly passing?: boolean
  /** Nodes that match one character, and where they lead. */
  readonly edges: readonly { readonly node: Node; readonly to: number }[]
}

export interface Grammar {
  readonly rules: ReadonlyMap<string, Node>
  /** The name of the rule that the whole text must follow. */
  readonly root: string
}

/** Matches the empty text. */
export const EMPTY: Node = { kind: 'text', text: '' }

/** Matches no text at all. */
export const NEVER: Node = { kind: 'choice', options: [] }

export function text(value: string): Node {
  return { kind: 'text', text: value }
}

export function set(ranges: readonly CodePointRange[]): Node {
  return ranges.length === 0 ? NEVER : { kind: 'set', ranges }
}

export function rule(name: string): Node {
  return { kind: 'rule', name }
}

/** All parts, one after the other; what can never match makes the whole so. */
export function sequence(parts: readonly Node[]): Node {
  if (parts.some(isNever)) return NEVER
  const kept = parts.filter((part) => part !== EMPTY)
  return kept.length === 1 ? kept[0] : kept.length === 0 ? EMPTY : { kind: 'sequence', parts: kept }
}

/** Any of the options that can match. */
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
