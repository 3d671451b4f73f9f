import type { CodePointRange } from '../code-points.js'
import { MAX_DFA_STATES } from '../limits.js'
import { Alphabet } from './alphabet.js'
import { type Budget, BudgetExceeded } from './budget.js'
import { DEAD, type Dfa, difference, Exploration, minimized, universal } from './dfa.js'
import { ANYTHING, type Expression, hasLook, inOrder, type Look } from './expression.js'
import { Nfa } from './nfa.js'

/**
 * Converts expressions to DFAs, including lookahead and lookbehind assertions.
 *
 * Algorithm: the subset construction over threads. A thread is an NFA state with the obligations on the rest of the
 * text: a lookahead becomes a separate automaton (complemented if negated) that runs in parallel with the thread from
 * there on. A lookbehind depends only on the characters so far, so its automaton runs once in parallel with all threads.
 *
 * Limits: lookaheads within lookbehinds are not supported (`hasLook(body, { ahead: true })`); an automaton with more than
 * `MAX_DFA_STATES` states throws `BudgetExceeded`.
 */
export function determinize(expression: Expression, budget: Budget): Dfa {
  return new Determinizer(expression, Alphabet.of(setsOf(expression)), budget).whole()
}

/** A thread's parallel automata and their states, as `automaton * MAX_DFA_STATES + state`, ascending. */
type Obligations = readonly number[]

interface Thread {
  readonly state: number
  readonly obligations: Obligations
}

interface MacroState {
  readonly threads: readonly Thread[]
  /** The states of the lookbehinds' automata. */
  readonly behind: readonly number[]
}

class Determinizer {
  readonly #expression: Expression
  readonly #alphabet: Alphabet
  readonly #budget: Budget
  readonly #nfa: Nfa
  /** Per lookbehind body: its automaton and its index in `MacroState.behind`. */
  readonly #behind = new Map<Expression, { readonly dfa: Dfa; readonly index: number }>()
  readonly #ends = new Map<Expression, { readonly start: number; readonly end: number }>()
  readonly #aheadNumbers = new Map<Look, number>()
  /** Automata of lookaheads, by assertion and by lookbehind states. */
  readonly #aheadIndex = new Map<string, number>()
  readonly #ahead: { readonly dfa: Dfa; readonly universal: number }[] = []

  constructor(expression: Expression, alphabet: Alphabet, budget: Budget) {
    this.#expression = expression
    this.#alphabet = alphabet
    this.#budget = budget
    this.#nfa = new Nfa(alphabet, budget)
    for (const { ahead, body } of looksOf(expression)) {
      if (ahead) this.#ends.set(body, this.#nfa.add(inOrder([body, ANYTHING])))
      else if (!this.#behind.has(body)) {
        if (hasLook(body, { ahead: true })) throw new Error('a lookahead within a lookbehind')
        const dfa = new Determinizer(inOrder([ANYTHING, body]), alphabet, budget).whole()
        this.#behind.set(body, { dfa, index: this.#behind.size })
      }
    }
  }

  whole(): Dfa {
    const { start, end } = this.#nfa.add(this.#expression)
    return this.#explore(
      start,
      end,
      Array.from(this.#behind, () => 0),
    )
  }

  #explore(start: number, end: number, behind: readonly number[]): Dfa {
    const found = new Exploration<MacroState>(this.#budget)
    const numberOf = (threads: readonly Thread[], at: readonly number[]) => {
      const closed = this.#close(threads, at)
      if (closed.length === 0) return DEAD
      const key = `${closed.map(({ state, obligations }) => [state, ...obligations].join()).join(' ')}|${at}`
      return found.indexOf(key, { threads: closed, behind: at })
    }
    if (numberOf([{ state: start, obligations: [] }], behind) === DEAD) {
      return this.#none()
    }
    const dfa = found.dfa(
      this.#alphabet,
      ({ threads, behind: at }, c) => {
        const next: Thread[] = []
        for (const thread of threads) {
          const { edges } = this.#nfa.states[thread.state]
          this.#budget.spend(edges.length)
          for (const { classes, to } of edges) {
            if (!classes.has(c)) continue
            const obligations = this.#advance(thread.obligations, c)
            if (obligations) next.push({ state: to, obligations })
          }
        }
        return next.length === 0 ? DEAD : numberOf(next, this.#advanceBehind(at, c))
      },
      ({ threads }) =>
        threads.some(
          ({ state, obligations }) =>
            state === end &&
            obligations.every((each) => this.#ahead[automatonOf(each)].dfa.accepting[stateOf(each)]),
        ),
    )
    return minimized(dfa, this.#budget)
  }

  #none(): Dfa {
    return {
      alphabet: this.#alphabet,
      table: new Int32Array(this.#alphabet.size).fill(DEAD),
      accepting: Uint8Array.of(0),
    }
  }

  #advance(obligations: Obligations, c: number): Obligations | undefined {
    if (obligations.length === 0) return obligations
    const next = new Set<number>()
    for (const each of obligations) {
      const automaton = automatonOf(each)
      const { dfa, universal } = this.#ahead[automaton]
      const state = dfa.table[stateOf(each) * this.#alphabet.size + c]
      if (state === DEAD) return undefined
      if (state !== universal) next.add(automaton * MAX_DFA_STATES + state)
    }
    return [...next].sort((a, b) => a - b)
  }

  #advanceBehind(at: readonly number[], c: number): readonly number[] {
    if (at.length === 0) return at
    const next = [...at]
    for (const { dfa, index } of this.#behind.values()) {
      if (at[index] !== DEAD) next[index] = dfa.table[at[index] * this.#alphabet.size + c]
    }
    return next
  }

  /** The epsilon closure; of equal states, only those with the weakest obligations. */
  #close(threads: readonly Thread[], behind: readonly number[]): Thread[] {
    const waiting = [...threads]
    const known = new Map<number, Obligations[]>()
    for (let thread = waiting.pop(); thread; thread = waiting.pop()) {
      const { state, obligations } = thread
      let list = known.get(state)
      if (!list) {
        list = []
        known.set(state, list)
      }
      this.#budget.spend(1 + list.length)
      if (list.some((other) => isSubset(other, obligations))) continue
      const kept = list.filter((other) => !isSubset(obligations, other))
      known.set(state, [...kept, obligations])
      const { free, looks } = this.#nfa.states[state]
      for (const to of free) waiting.push({ state: to, obligations })
      for (const { look, to } of looks) {
        if (look.ahead) {
          const more = this.#require(look, behind)
          if (more === undefined) continue
          waiting.push({ state: to, obligations: more === NOTHING ? obligations : joined(obligations, more) })
        } else {
          const { dfa, index } = this.#behind.get(look.body)!
          const holds = behind[index] !== DEAD && dfa.accepting[behind[index]] === 1
          if (holds !== look.negated) waiting.push({ state: to, obligations })
        }
      }
    }
    const closed = [...known].flatMap(([state, all]) => {
      const { edges } = this.#nfa.states[state]
      return all.map((obligations) => ({ state, obligations, keeps: edges.length > 0 || this.#isEnd(state) }))
    })
    return closed
      .filter(({ keeps }) => keeps)
      .sort((a, b) => a.state - b.state || compare(a.obligations, b.obligations))
      .map(({ state, obligations }) => ({ state, obligations }))
  }

  #isEnd(state: number): boolean {
    const { edges, free, looks } = this.#nfa.states[state]
    return edges.length + free.length + looks.length === 0
  }

  /** The obligation of a lookahead: an automaton, `NOTHING`, or `undefined` if it cannot be fulfilled. */
  #require(look: Look, behind: readonly number[]): number | undefined {
    let number = this.#aheadNumbers.get(look)
    if (number === undefined) {
      number = this.#aheadNumbers.size
      this.#aheadNumbers.set(look, number)
    }
    const key = `${number} ${behind}`
    let index = this.#aheadIndex.get(key)
    if (index === undefined) {
      const { start, end } = this.#ends.get(look.body)!
      const inner = this.#explore(start, end, behind)
      const dfa = look.negated
        ? onAlphabet(difference(universal(), inner, this.#budget), this.#alphabet)
        : inner
      if (this.#ahead.length >= MAX_DFA_STATES) throw new BudgetExceeded()
      index = this.#ahead.push({ dfa, universal: universalState(dfa) }) - 1
      this.#aheadIndex.set(key, index)
    }
    const { dfa, universal: all } = this.#ahead[index]
    if (all === 0) return NOTHING
    return dfa.accepting.includes(1) ? index * MAX_DFA_STATES : undefined
  }
}

const NOTHING = -1

function automatonOf(obligation: number): number {
  return Math.floor(obligation / MAX_DFA_STATES)
}

function stateOf(obligation: number): number {
  return obligation % MAX_DFA_STATES
}

/** The state from which everything is accepted, or -1. */
function universalState({ alphabet: { size }, table, accepting }: Dfa): number {
  return accepting.findIndex(
    (accepts, state) =>
      accepts === 1 && table.subarray(state * size, (state + 1) * size).every((next) => next === state),
  )
}

/** The same automaton over a refined alphabet. */
function onAlphabet(dfa: Dfa, alphabet: Alphabet): Dfa {
  const { ofA, ofB } = Alphabet.common(alphabet, dfa.alphabet)
  const table = new Int32Array(dfa.accepting.length * alphabet.size)
  for (let state = 0; state < dfa.accepting.length; state++) {
    for (const [i, c] of ofA.entries()) {
      table[state * alphabet.size + c] = dfa.table[state * dfa.alphabet.size + ofB[i]]
    }
  }
  return { alphabet, table, accepting: dfa.accepting }
}

function joined(obligations: Obligations, more: number): Obligations {
  return obligations.includes(more) ? obligations : [...obligations, more].sort((a, b) => a - b)
}

function isSubset(a: Obligations, b: Obligations): boolean {
  return a.every((each) => b.includes(each))
}

function compare(a: Obligations, b: Obligations): number {
  for (let i = 0; i < a.length && i < b.length; i++) if (a[i] !== b[i]) return a[i] - b[i]
  return a.length - b.length
}

/** The assertions in an expression, inner ones first. */
function looksOf(expression: Expression, found = new Set<Look>()): Set<Look> {
  switch (expression.kind) {
    case 'set':
      break
    case 'sequence':
      for (const part of expression.parts) looksOf(part, found)
      break
    case 'choice':
      for (const option of expression.options) looksOf(option, found)
      break
    case 'repeat':
      looksOf(expression.body, found)
      break
    case 'look':
      if (found.has(expression)) break
      looksOf(expression.body, found)
      found.add(expression)
  }
  return found
}

/** The character sets in an expression, including those of its assertions. */
function setsOf(expression: Expression): CharacterSet[] {
  const sets = new Set<CharacterSet>()
  const visit = (each: Expression): void => {
    if (each.kind === 'set') sets.add(each.ranges)
    else if (each.kind === 'sequence') each.parts.forEach(visit)
    else if (each.kind === 'choice') each.options.forEach(visit)
    else visit(each.body)
  }
  visit(expression)
  return [...sets]
}

type CharacterSet = readonly CodePointRange[]
