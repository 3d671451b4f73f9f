import { complement, intersection, rangesOf } from './code-points.js'
import { choice, type Node, rule, set, text } from './grammar.js'

/** Replaces the leaves of grammars (texts, sets and names of rules) by other nodes. Shared nodes stay shared. */
class Rewriter {
  readonly #leaf: (node: Node) => Node | undefined
  readonly #known = new Map<Node, Node>()

  /** `leaf`: what replaces a leaf; `undefined` if it stays. */
  constructor(leaf: (node: Node) => Node | undefined) {
    this.#leaf = leaf
  }

  rewrite(node: Node): Node {
    let made = this.#known.get(node)
    if (made) return made
    made = this.#leaf(node) ?? this.#inner(node)
    this.#known.set(node, made)
    return made
  }

  #inner(node: Node): Node {
    switch (node.kind) {
      case 'sequence':
        return { ...node, parts: node.parts.map((part) => this.rewrite(part)) }
      case 'choice':
        return { ...node, options: node.options.map((option) => this.rewrite(option)) }
      case 'repeat':
      case 'passing':
        return { ...node, node: this.rewrite(node.node) }
      case 'automaton': {
        const states = node.states.map((state) => ({
          ...state,
          edges: state.edges.map((edge) => ({ ...edge, node: this.rewrite(edge.node) })),
        }))
        return { ...node, states }
      }
      default:
        return node
    }
  }
}

/** What replaces a leaf that is not a rule; `undefined` if it stays. */
export type Replace = (leaf: Node) => Node | undefined

/** Rules and the nodes that refer to them, with `prefix` before the name of each rule and some leaves replaced. */
export function rewritten(
  prefix: string,
  rules: ReadonlyMap<string, Node>,
  replace: Replace = () => undefined,
): { readonly rules: ReadonlyMap<string, Node>; rewrite(node: Node): Node } {
  const rewriter = new Rewriter((leaf) => (leaf.kind === 'rule' ? rule(prefix + leaf.name) : replace(leaf)))
  const renamed = Array.from(rules, ([name, node]) => [prefix + name, rewriter.rewrite(node)] as const)
  return { rules: new Map(renamed), rewrite: (node) => rewriter.rewrite(node) }
}

const ESCAPED = '\\u003c'

/** For JSON in which no tag occurs: the character `<`, which is always within a string, becomes an escape. */
export const withoutTags: Replace = (leaf) => {
  if (leaf.kind === 'text') {
    return leaf.text.includes('<') ? text(leaf.text.replaceAll('<', ESCAPED)) : undefined
  }
  if (leaf.kind !== 'set') return undefined
  const tag = rangesOf('<')
  if (intersection(leaf.ranges, tag).length === 0) return undefined
  return choice([set(intersection(leaf.ranges, complement(tag))), text(ESCAPED)])
}

/** For Python's literals: its names of JSON's constants are allowed too. */
export const withPythonWords: Replace = (leaf) => {
  if (leaf.kind !== 'text') return undefined
  switch (leaf.text) {
    case 'true':
      return choice([text('True'), leaf])
    case 'false':
      return choice([text('False'), leaf])
    case 'null':
      return choice([text('None'), leaf])
    default:
      return undefined
  }
}
