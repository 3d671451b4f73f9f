import { choice, EMPTY, type Grammar, isNever, NEVER, type Node, repeat, sequence } from './grammar.js'

/** Whether a node matches a text of certain characters: any, or none (the empty text). */
type Question = (node: Node, rules: ReadonlySet<string>) => boolean

/** The question for these `characters`. `rules`: those for which it is already known to hold. */
function matchedBy(characters: 'any' | 'none'): Question {
  const holds: Question = (node, rules) => {
    switch (node.kind) {
      case 'text':
        return characters === 'any' || node.text === ''
      case 'token':
      case 'set':
        return characters === 'any'
      case 'sequence':
        return node.parts.every((part) => holds(part, rules))
      case 'choice':
        return node.options.some((option) => holds(option, rules))
      case 'repeat':
        return node.min === 0 || holds(node.node, rules)
      case 'rule':
        return rules.has(node.name)
      case 'automaton':
        return node.states.length > 0 && (characters === 'any' || node.states[0].accepts)
      case 'passing':
        return holds(node.node, rules)
    }
  }
  return holds
}

/** Whether a node matches the empty text. */
const isNullable = matchedBy('none')

/** Whether a node matches any text. */
const isProductive = matchedBy('any')

/** The rules for which `holds` is true: a fixed point, rechecking a rule when one that it references changes. */
function fixedPoint(rules: ReadonlyMap<string, Node>, holds: Question): Set<string> {
  const users = new Map<string, string[]>()
  for (const [name, node] of rules) {
    for (const used of ruleNames(node)) {
      const list = users.get(used)
      if (list) list.push(name)
      else users.set(used, [name])
    }
  }
  const known = new Set<string>()
  const waiting = [...rules.keys()]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (known.has(name) || !holds(rules.get(name)!, known)) continue
    known.add(name)
    waiting.push(...(users.get(name) ?? []))
  }
  return known
}

/** Names of the rules referenced by a node. */
function ruleNames(node: Node, names = new Set<string>()): Set<string> {
  for (const child of childrenOf(node)) ruleNames(child, names)
  if (node.kind === 'rule') names.add(node.name)
  return names
}

function childrenOf(node: Node): readonly Node[] {
  if (node.kind === 'sequence') return node.parts
  if (node.kind === 'choice') return node.options
  if (node.kind === 'automaton') return node.states.flatMap(({ edges }) => edges.map((edge) => edge.node))
  return node.kind === 'repeat' || node.kind === 'passing' ? [node.node] : []
}

/**
 * A left-recursive cycle as a list of rule names; `undefined` if there is none. Left recursion cannot be parsed from left
 * to right.
 */
export function findLeftRecursion(grammar: Grammar): readonly string[] | undefined {
  const nullable = fixedPoint(grammar.rules, isNullable)
  const firsts = new Map<string, readonly string[]>()
  for (const [name, node] of grammar.rules) firsts.set(name, [...firstRules(node, nullable)])
  const done = new Set<string>()
  for (const start of firsts.keys()) {
    // Iterative depth-first search: chains may have thousands of rules.
    const path: { name: string; next: number }[] = []
    const onPath = new Set<string>()
    const enter = (name: string) => {
      path.push({ name, next: 0 })
      onPath.add(name)
    }
    if (!done.has(start)) enter(start)
    while (path.length > 0) {
      const top = path[path.length - 1]
      const name = firsts.get(top.name)![top.next++]
      if (name === undefined) {
        path.pop()
        onPath.delete(top.name)
        done.add(top.name)
      } else if (onPath.has(name)) {
        const names = path.map((step) => step.name)
        return [...names.slice(names.indexOf(name)), name]
      } else if (!done.has(name)) enter(name)
    }
  }
  return undefined
}

/** The rules that can be entered before a character is matched. */
function firstRules(node: Node, nullable: ReadonlySet<string>, found = new Set<string>()): Set<string> {
  switch (node.kind) {
    case 'rule':
      found.add(node.name)
      break
    case 'choice':
    case 'repeat':
    case 'passing':
      for (const child of childrenOf(node)) firstRules(child, nullable, found)
      break
    case 'sequence':
      for (const part of node.parts) {
        firstRules(part, nullable, found)
        if (!isNullable(part, nullable)) break
      }
      break
    case 'automaton':
      for (const { node: edge } of node.states[0].edges) firstRules(edge, nullable, found)
  }
  return found
}

/**
 * Removes alternatives that can never terminate and unreachable rules, so that every allowed prefix can be completed.
 * `undefined` if the grammar matches no text.
 */
export function pruned(grammar: Grammar): Grammar | undefined {
  const productive = fixedPoint(grammar.rules, isProductive)
  if (!productive.has(grammar.root)) return undefined
  const rules = new Map<string, Node>()
  const waiting = [grammar.root]
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (rules.has(name)) continue
    const node = prunedNode(grammar.rules.get(name)!, productive)
    rules.set(name, node)
    waiting.push(...ruleNames(node))
  }
  return { rules, root: grammar.root }
}

function prunedNode(node: Node, productive: ReadonlySet<string>): Node {
  switch (node.kind) {
    case 'text':
      return node.text === '' ? EMPTY : node
    case 'token':
    case 'set':
    case 'automaton':
      return node
    case 'passing': {
      const inner = prunedNode(node.node, productive)
      return isNever(inner) ? NEVER : { kind: 'passing', node: inner }
    }
    case 'sequence':
      return sequence(node.parts.map((part) => prunedNode(part, productive)))
    case 'choice':
      return choice(node.options.map((option) => prunedNode(option, productive)))
    case 'repeat':
      return repeat(prunedNode(node.node, productive), node.min, node.max)
    case 'rule':
      return productive.has(node.name) ? node : NEVER
  }
}
