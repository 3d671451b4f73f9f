import { DasllamaError } from '../errors.js'
import { utf8Sequences } from './code-points.js'
import { controlBytes } from './control-bytes.js'
import type { AutomatonNodeState, Grammar, Node } from './grammar.js'
import { MAX_COPIES, MAX_STATES } from './limits.js'

/** A repeated node with more copies and more inner nodes than these becomes a separate rule. */
const COPIES_INLINE = 4
const NODES_INLINE = 1

/** Outgoing transitions of a state. */
interface State {
  /** Triples: lowest byte, highest byte, next state. */
  readonly bytes: number[]
  /** Epsilon transitions. */
  readonly free: number[]
  /** Pairs: the rule to call, the state after it. */
  readonly calls: number[]
}

/** The read-only view of a state. */
export type AutomatonState = Readonly<Record<keyof State, readonly number[]>>

/**
 * A grammar as an NFA over UTF-8 bytes: one sub-automaton per rule, with calls between them. Because it works on bytes,
 * a token may end within a character.
 */
export class ByteAutomaton {
  readonly #states: State[] = []
  /** Start and end state of each rule. */
  readonly #starts: number[] = []
  readonly #ends: number[] = []
  readonly #ruleIndex = new Map<string, number>()
  readonly #ruleOfNode = new Map<Node, number>()
  /** Nodes that became separate rules and still have to be compiled. */
  readonly #waiting: [rule: number, node: Node][] = []
  readonly #isEnd: boolean[] = []
  readonly #isPassing = new Set<number>()
  readonly rootStart: number
  /** Byte classes: bytes that no state distinguishes share a class. */
  readonly classOf = new Uint8Array(256)
  /** A representative byte of each class. */
  readonly byteOfClass: readonly number[]

  /** Throws `LIMIT` for more than `MAX_STATES` states. The grammar must be free of left recursion. */
  constructor(grammar: Grammar) {
    for (const name of grammar.rules.keys()) this.#ruleIndex.set(name, this.#newRule())
    for (const [name, node] of grammar.rules) this.#compileRule(this.#ruleIndex.get(name)!, node)
    for (let next = this.#waiting.pop(); next; next = this.#waiting.pop()) this.#compileRule(...next)
    this.rootStart = this.#starts[this.#ruleIndex.get(grammar.root)!]
    this.byteOfClass = this.#classify()
  }

  state(index: number): AutomatonState {
    return this.#states[index]
  }

  /** The start state of a rule. */
  start(rule: number): number {
    return this.#starts[rule]
  }

  /** Whether this is a rule's end state, which has no transitions. */
  isEnd(state: number): boolean {
    return this.#isEnd[state]
  }

  /** Whether no token may end here unless a quote may follow. */
  isPassing(state: number): boolean {
    return this.#isPassing.has(state)
  }

  #newRule(): number {
    const rule = this.#starts.length
    this.#starts.push(this.#newState())
    this.#ends.push(this.#newState({ isEnd: true }))
    return rule
  }

  #newState({ isEnd = false } = {}): number {
    if (this.#states.length >= MAX_STATES) {
      throw new DasllamaError('LIMIT', `the grammar needs more than ${MAX_STATES} states`, {
        hint: 'its repetitions are too large or nested; lower them or leave them unbounded',
      })
    }
    this.#isEnd.push(isEnd)
    return this.#states.push({ bytes: [], free: [], calls: [] }) - 1
  }

  #compileRule(rule: number, node: Node): void {
    this.#compile(node, this.#starts[rule], this.#ends[rule])
  }

  /** Compiles `node` between two states. Adds no transitions into `from` or out of `to`. */
  #compile(node: Node, from: number, to: number): void {
    switch (node.kind) {
      case 'text':
        if (node.text === '') this.#states[from].free.push(to)
        else this.#choice([node], from, to)
        break
      case 'token':
        this.#token(controlBytes(node.id), from, to)
        break
      case 'set':
        this.#set(node.ranges.flatMap(utf8Sequences), from, to)
        break
      case 'sequence':
        this.#sequence(node.parts, from, to)
        break
      case 'choice':
        this.#choice(node.options, from, to)
        break
      case 'repeat':
        this.#repeat(node, from, to)
        break
      case 'rule':
        this.#states[from].calls.push(this.#ruleIndex.get(node.name)!, to)
        break
      case 'automaton':
        this.#automaton(node.states, from, to)
        break
      case 'passing': {
        const passing = this.#newState()
        this.#isPassing.add(passing)
        this.#states[from].free.push(passing)
        this.#compile(node.node, passing, to)
      }
    }
  }

  /** No token may end within the bytes that stand for a control token. */
  #token(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    for (const [i, byte] of bytes.entries()) {
      const next = i + 1 === bytes.length ? to : this.#newState()
      if (next !== to) this.#isPassing.add(next)
      this.#states[at].bytes.push(byte, byte, next)
      at = next
    }
  }

  #automaton(nodes: readonly AutomatonNodeState[], from: number, to: number): void {
    const states = nodes.map(() => this.#newState())
    this.#states[from].free.push(states[0])
    for (const [i, { accepts, passing, edges }] of nodes.entries()) {
      if (passing) this.#isPassing.add(states[i])
      if (accepts) this.#states[states[i]].free.push(to)
      for (const edge of edges) this.#compile(edge.node, states[i], states[edge.to])
    }
  }

  #set(sequences: readonly (readonly (readonly [number, number])[])[], from: number, to: number): void {
    /** States by their remaining byte ranges: sequences share suffixes. */
    const before = new Map<string, number>()
    for (const sequence of sequences) {
      let next = to
      let rest = ''
      for (let i = sequence.length - 1; i > 0; i--) {
        const [low, high] = sequence[i]
        rest = `${low}-${high} ${rest}`
        let state = before.get(rest)
        if (state === undefined) {
          state = this.#newState()
          before.set(rest, state)
          this.#states[state].bytes.push(low, high, next)
        }
        next = state
      }
      this.#states[from].bytes.push(...sequence[0], next)
    }
  }

  #sequence(parts: readonly Node[], from: number, to: number): void {
    let at = from
    for (const [i, part] of parts.entries()) {
      const next = i + 1 === parts.length ? to : this.#newState()
      this.#compile(part, at, next)
      at = next
    }
    if (parts.length === 0) this.#states[from].free.push(to)
  }

  /** Merges the texts' common prefixes, so that a long list stays one path. */
  #choice(options: readonly Node[], from: number, to: number): void {
    const branches = new Map<number, Map<number, number>>()
    for (const option of options) {
      if (option.kind !== 'text' || option.text === '') {
        this.#compile(option, from, to)
        continue
      }
      const bytes = new TextEncoder().encode(option.text)
      let at = from
      for (const byte of bytes.subarray(0, -1)) {
        let known = branches.get(at)
        if (!known) {
          known = new Map()
          branches.set(at, known)
        }
        let next = known.get(byte)
        if (next === undefined) {
          next = this.#newState()
          known.set(byte, next)
          this.#states[at].bytes.push(byte, byte, next)
        }
        at = next
      }
      const last = bytes[bytes.length - 1]
      this.#states[at].bytes.push(last, last, to)
    }
  }

  #repeat({ node, min, max }: Node & { kind: 'repeat' }, from: number, to: number): void {
    if (max === 0) {
      this.#states[from].free.push(to)
      return
    }
    const isOpen = max === Number.POSITIVE_INFINITY
    if ((isOpen ? min : max) > MAX_COPIES) {
      this.#repeatInBlocks({ kind: 'repeat', node, min, max }, from, to)
      return
    }
    const copies = isOpen ? min + 1 : max
    const item = this.#once(node, copies)
    let at = from
    for (let i = 0; i < min; i++) {
      const next = i + 1 === max ? to : this.#newState()
      item(at, next)
      at = next
    }
    if (isOpen) {
      const loop = this.#newState()
      this.#states[at].free.push(loop)
      item(loop, loop)
      this.#states[loop].free.push(to)
      return
    }
    for (let i = min; i < max; i++) {
      this.#states[at].free.push(to)
      const next = i + 1 === max ? to : this.#newState()
      item(at, next)
      at = next
    }
  }

  /**
   * Counts in blocks of √n: a sequence of full blocks, each of which may be followed by a partial one. It takes about 2√n
   * states, and one configuration more than copies would.
   */
  #repeatInBlocks({ node, min, max }: Node & { kind: 'repeat' }, from: number, to: number): void {
    const most = max === Number.POSITIVE_INFINITY ? min : max
    const size = Math.ceil(Math.sqrt(most))
    const block: Node = { kind: 'repeat', node, min: size, max: size }
    const whole = this.#once(block, Number.POSITIVE_INFINITY)
    const least = Math.floor(min / size)
    let at = from
    for (let i = 0; i < least; i++) {
      const next = this.#newState()
      whole(at, next)
      at = next
    }
    // At this point `least` blocks are done; the required remainder comes before any end.
    const missing = min - least * size
    if (missing > 0 || max === Number.POSITIVE_INFINITY) {
      const next = this.#newState()
      this.#compile({ kind: 'repeat', node, min: missing, max: missing }, at, next)
      at = next
    }
    if (max === Number.POSITIVE_INFINITY) {
      this.#compile({ kind: 'repeat', node, min: 0, max }, at, to)
      return
    }
    let left = max - min
    const part = this.#once({ kind: 'repeat', node, min: 0, max: size - 1 }, Number.POSITIVE_INFINITY)
    for (; left >= size; left -= size) {
      part(at, to)
      const next = this.#newState()
      whole(at, next)
      at = next
    }
    this.#compile({ kind: 'repeat', node, min: 0, max: left }, at, to)
  }

  /** Compiles a node inline, or as a separate rule if it would be copied too often. */
  #once(node: Node, copies: number): (from: number, to: number) => void {
    const small = copies <= COPIES_INLINE || node.kind === 'rule' || isSmall(node)
    if (small) return (from, to) => this.#compile(node, from, to)
    let rule = this.#ruleOfNode.get(node)
    if (rule === undefined) {
      rule = this.#newRule()
      this.#ruleOfNode.set(node, rule)
      this.#waiting.push([rule, node])
    }
    return (from, to) => this.#states[from].calls.push(rule, to)
  }

  #classify(): number[] {
    const borders = new Uint8Array(257)
    for (const { bytes } of this.#states) {
      for (let i = 0; i < bytes.length; i += 3) borders[bytes[i]] = borders[bytes[i + 1] + 1] = 1
    }
    const byteOfClass = [0]
    for (let byte = 1; byte < 256; byte++) {
      if (borders[byte]) byteOfClass.push(byte)
      this.classOf[byte] = byteOfClass.length - 1
    }
    return byteOfClass
  }
}

/** Whether a copy is no more expensive than a call. */
function isSmall(node: Node): boolean {
  if (node.kind === 'text') return node.text.length <= NODES_INLINE
  return node.kind === 'set' && node.ranges.every(([, high]) => high < 0x80)
}
