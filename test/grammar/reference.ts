import type { AutomatonNodeState, Grammar, Node } from '../../src/grammar/grammar.js'

/**
 * A slow and simple recognizer: tries every node at every byte position and returns the possible ends.
 * It knows nothing of automata. Needs a grammar without left recursion.
 */
export interface Verdict {
  /** The bytes are a whole text. */
  readonly whole: boolean
  /** They are the beginning of one, or all of it. */
  readonly beginning: boolean
}

interface Match {
  readonly ends: ReadonlySet<number>
  /** The bytes ended within the node, and a text goes on from there. */
  readonly open: boolean
}

/** Whether the node can match any text to its end within so many rules. */
function canEnd(node: Node, { rules }: Grammar, depth: number): boolean {
  switch (node.kind) {
    case 'text':
      return true
    case 'set':
      return node.ranges.length > 0
    case 'sequence':
      return node.parts.every((part) => canEnd(part, { rules, root: '' }, depth))
    case 'choice':
      return node.options.some((option) => canEnd(option, { rules, root: '' }, depth))
    case 'repeat':
      return node.min === 0 || canEnd(node.node, { rules, root: '' }, depth)
    case 'rule':
      return depth > 0 && canEnd(rules.get(node.name)!, { rules, root: '' }, depth - 1)
    case 'automaton':
      return true
    case 'token':
      return true
    case 'passing':
      return canEnd(node.node, { rules, root: '' }, depth)
  }
}

export function judge(grammar: Grammar, bytes: Uint8Array): Verdict {
  const known = new Map<string, Match>()
  const depth = grammar.rules.size + 1
  const ending = new Map<Node, boolean>()
  const ends = (node: Node) => {
    let answer = ending.get(node)
    if (answer === undefined) {
      answer = canEnd(node, grammar, depth)
      ending.set(node, answer)
    }
    return answer
  }

  function match(node: Node, at: number): Match {
    if (!ends(node)) return { ends: new Set(), open: false }
    switch (node.kind) {
      case 'text': {
        const text = new TextEncoder().encode(node.text)
        const rest = bytes.subarray(at, at + text.length)
        const same = rest.every((byte, i) => byte === text[i])
        const whole = same && rest.length === text.length
        return { ends: new Set(whole ? [at + text.length] : []), open: same && rest.length < text.length }
      }
      case 'set':
        return matchSet(node.ranges, at)
      case 'sequence':
        return matchSequence(node.parts, at)
      case 'choice': {
        const matches = node.options.map((option) => match(option, at))
        return {
          ends: new Set(matches.flatMap((each) => [...each.ends])),
          open: matches.some(({ open }) => open),
        }
      }
      case 'repeat':
        return matchRepeat(node, at)
      case 'rule': {
        const key = `${at} ${node.name}`
        let found = known.get(key)
        if (!found) {
          found = match(grammar.rules.get(node.name)!, at)
          known.set(key, found)
        }
        return found
      }
      case 'automaton':
        return matchAutomaton(node.states, at)
      case 'token':
        throw new Error('the reference is for texts')
      case 'passing':
        return match(node.node, at)
    }
  }

  function matchAutomaton(states: readonly AutomatonNodeState[], at: number): Match {
    const found = new Set<number>()
    const seen = new Set<string>()
    const waiting: [state: number, at: number][] = [[0, at]]
    let open = false
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [state, position] = next
      if (seen.has(String(next))) continue
      seen.add(String(next))
      if (states[state].accepts) found.add(position)
      for (const edge of states[state].edges) {
        const each = match(edge.node, position)
        open ||= each.open
        for (const end of each.ends) waiting.push([edge.to, end])
      }
    }
    return { ends: found, open }
  }

  function matchSet(ranges: readonly (readonly [number, number])[], at: number): Match {
    const fits = (low: number, high: number) => ranges.some(([from, to]) => from <= high && to >= low)
    const lead = bytes[at]
    if (lead === undefined) return { ends: new Set(), open: true }
    const length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0
    const part = bytes.subarray(at, at + length)
    if (length === 0 || part.subarray(1).some((byte) => byte < 0x80 || byte > 0xbf))
      return { ends: new Set(), open: false }
    // What the missing bytes may be.
    const value = (missing: number) =>
      Array.from({ length }, (_, i) => part[i] ?? missing)
        .slice(1)
        .reduce((sum, byte) => 64 * sum + byte - 0x80, length === 1 ? lead : lead & (0x7f >> length))
    const shortest = [0, 0, 0x80, 0x800, 0x10000][length]
    const low = Math.max(value(0x80), shortest)
    const high = Math.min(value(0xbf), 0x10ffff)
    const found = low <= high && fits(low, high)
    const whole = part.length === length
    return { ends: new Set(found && whole ? [at + length] : []), open: found && !whole }
  }

  function matchSequence(parts: readonly Node[], at: number): Match {
    let positions: ReadonlySet<number> = new Set([at])
    let open = false
    for (const part of parts) {
      const matches = [...positions].map((position) => match(part, position))
      open ||= matches.some((each) => each.open)
      positions = new Set(matches.flatMap((each) => [...each.ends]))
    }
    return { ends: positions, open }
  }

  function matchRepeat({ node, min, max }: Node & { kind: 'repeat' }, at: number): Match {
    const found = new Set<number>(min === 0 ? [at] : [])
    let positions = new Set([at])
    let open = false
    // More rounds than there are bytes and needed ones bring nothing new.
    const rounds = Math.min(max, min + bytes.length - at + 1)
    for (let round = 1; round <= rounds && positions.size > 0; round++) {
      const matches = [...positions].map((position) => match(node, position))
      open ||= matches.some((each) => each.open)
      positions = new Set(matches.flatMap((each) => [...each.ends]))
      if (round >= min) for (const position of positions) found.add(position)
    }
    return { ends: found, open }
  }

  const { ends: positions, open } = match({ kind: 'rule', name: grammar.root }, 0)
  const whole = positions.has(bytes.length)
  return { whole, beginning: whole || open }
}
