import { MAX_COUNTING_STATES, MAX_DFA_STATES } from '../limits.js'
import { Alphabet } from './alphabet.js'
import { type Budget, BudgetExceeded } from './budget.js'

/** No transition. */
export const DEAD = -1

/**
 * A DFA over characters: state 0 is the start state, and every state can reach an accepting one (except state 0 of an
 * empty language). It matches whole texts; expressions that search are converted with `searched` first.
 *
 * Algorithms: products of reachable pairs, Hopcroft's minimisation, counters as a product with the length. All of them
 * throw `BudgetExceeded` instead of making more than `MAX_DFA_STATES` states.
 */
export interface Dfa {
  readonly alphabet: Alphabet
  /** Next state by state and class, or `DEAD`. */
  readonly table: Int32Array
  readonly accepting: Uint8Array
}

/** Accepts everything. */
export function universal(): Dfa {
  const alphabet = Alphabet.of([])
  return { alphabet, table: new Int32Array(alphabet.size), accepting: Uint8Array.of(1) }
}

/** Explores states, identified by key, from the start state. */
export class Exploration<State> {
  readonly #indexOf = new Map<string | number, number>()
  readonly states: State[] = []
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  indexOf(key: string | number, state: State): number {
    let index = this.#indexOf.get(key)
    if (index === undefined) {
      if (this.states.length >= MAX_DFA_STATES) throw new BudgetExceeded()
      this.#budget.spend(1)
      index = this.states.push(state) - 1
      this.#indexOf.set(key, index)
    }
    return index
  }

  /** Builds the automaton from functions for states and transitions. */
  dfa(
    alphabet: Alphabet,
    next: (state: State, byClass: number) => number,
    accepts: (state: State) => boolean,
  ): Dfa {
    const table: number[] = []
    const accepting: number[] = []
    for (let i = 0; i < this.states.length; i++) {
      const state = this.states[i]
      accepting.push(accepts(state) ? 1 : 0)
      this.#budget.spend(alphabet.size)
      for (let c = 0; c < alphabet.size; c++) table.push(next(state, c))
    }
    return trimmed({ alphabet, table: Int32Array.from(table), accepting: Uint8Array.from(accepting) })
  }
}

/** Intersection. */
export function intersection(a: Dfa, b: Dfa, budget: Budget): Dfa {
  return product(a, b, { without: false }, budget)
}

/** Difference: what `a` accepts and `b` does not. */
export function difference(a: Dfa, b: Dfa, budget: Budget): Dfa {
  return product(a, b, { without: true }, budget)
}

/** `without`: difference instead of intersection. */
function product(a: Dfa, b: Dfa, { without }: { readonly without: boolean }, budget: Budget): Dfa {
  const { alphabet, ofA, ofB } = Alphabet.common(a.alphabet, b.alphabet)
  const pairs = new Exploration<readonly [number, number]>(budget)
  const width = b.accepting.length + 1
  const pair = (x: number, y: number) =>
    x === DEAD || (y === DEAD && !without) ? DEAD : pairs.indexOf(x * width + y + 1, [x, y])
  pair(0, 0)
  const dfa = pairs.dfa(
    alphabet,
    ([x, y], c) =>
      pair(a.table[x * a.alphabet.size + ofA[c]], y === DEAD ? DEAD : b.table[y * b.alphabet.size + ofB[c]]),
    ([x, y]) => a.accepting[x] === 1 && (y !== DEAD && b.accepting[y] === 1) !== without,
  )
  return minimized(dfa, budget)
}

/** Restricts the length. If the automaton would get too large, `max` is lowered as far as the language stays non-empty. */
export function ofLength(dfa: Dfa, min: number, max: number, budget: Budget): Dfa {
  const { shortest, longest } = lengthsOf(dfa)
  const isLimited = longest > max
  if (shortest >= min && !isLimited) return dfa
  const states = dfa.accepting.length
  const most = isLimited
    ? Math.min(max, Math.max(min + states, Math.floor(MAX_COUNTING_STATES / states)))
    : min
  const counted = new Exploration<readonly [state: number, length: number]>(budget)
  const at = (state: number, length: number) => {
    if (state === DEAD || (isLimited && length > most)) return DEAD
    const count = Math.min(length, most)
    return counted.indexOf(state * (most + 1) + count, [state, count])
  }
  at(0, 0)
  return counted.dfa(
    dfa.alphabet,
    ([state, length], c) => at(dfa.table[state * dfa.alphabet.size + c], length + 1),
    ([state, length]) => dfa.accepting[state] === 1 && length >= min,
  )
}

export function isEmpty({ accepting }: Dfa): boolean {
  return !accepting.includes(1)
}

export function accepts({ alphabet, table, accepting }: Dfa, text: string): boolean {
  let state = 0
  for (const character of text) {
    state = table[state * alphabet.size + alphabet.classOf(character.codePointAt(0)!)]
    if (state === DEAD) return false
  }
  return accepting[state] === 1
}

/** Length of the shortest and the longest text; Infinity if unbounded. */
function lengthsOf({ alphabet: { size }, table, accepting }: Dfa): { shortest: number; longest: number } {
  const depth = new Int32Array(accepting.length).fill(-1)
  depth[0] = 0
  const queue = [0]
  let shortest = Number.POSITIVE_INFINITY
  const incoming = new Int32Array(accepting.length)
  for (const state of queue) {
    if (accepting[state]) shortest = Math.min(shortest, depth[state])
    for (let c = 0; c < size; c++) {
      const next = table[state * size + c]
      if (next === DEAD) continue
      incoming[next]++
      if (depth[next] >= 0) continue
      depth[next] = depth[state] + 1
      queue.push(next)
    }
  }
  // In topological order, if there is one.
  const longest = new Int32Array(accepting.length)
  const ready = incoming[0] === 0 ? [0] : []
  let done = 0
  for (const state of ready) {
    done++
    for (let c = 0; c < size; c++) {
      const next = table[state * size + c]
      if (next === DEAD) continue
      longest[next] = Math.max(longest[next], longest[state] + 1)
      if (--incoming[next] === 0) ready.push(next)
    }
  }
  if (done < accepting.length) return { shortest, longest: Number.POSITIVE_INFINITY }
  return {
    shortest,
    longest: longest.reduce((most, each, i) => (accepting[i] ? Math.max(most, each) : most), 0),
  }
}

/** Removes unreachable and dead states. */
export function trimmed({ alphabet, table, accepting }: Dfa): Dfa {
  const { size } = alphabet
  const sources: number[][] = Array.from(accepting, () => [])
  for (let i = 0; i < table.length; i++) {
    if (table[i] !== DEAD) sources[table[i]].push(Math.floor(i / size))
  }
  const alive = new Uint8Array(accepting)
  const waiting = Array.from(accepting.keys()).filter((state) => accepting[state])
  for (let state = waiting.pop(); state !== undefined; state = waiting.pop()) {
    for (const source of sources[state]) {
      if (alive[source]) continue
      alive[source] = 1
      waiting.push(source)
    }
  }
  const numberOf = new Int32Array(accepting.length).fill(DEAD)
  numberOf[0] = 0
  const order = [0]
  const rows: number[] = []
  for (const state of order) {
    for (let c = 0; c < size; c++) {
      const next = table[state * size + c]
      if (next === DEAD || !alive[next]) {
        rows.push(DEAD)
        continue
      }
      if (numberOf[next] === DEAD) numberOf[next] = order.push(next) - 1
      rows.push(numberOf[next])
    }
  }
  return {
    alphabet,
    table: Int32Array.from(rows),
    accepting: Uint8Array.from(order, (state) => accepting[state]),
  }
}

/** Minimization by Hopcroft's algorithm. */
export function minimized(dfa: Dfa, budget: Budget): Dfa {
  const { alphabet, table, accepting } = dfa
  const { size } = alphabet
  const states = accepting.length + 1
  const sink = accepting.length
  const target = (state: number, c: number) => {
    const next = state === sink ? DEAD : table[state * size + c]
    return next === DEAD ? sink : next
  }
  /** Predecessors by class and state. */
  const sources: number[][][] = Array.from({ length: size }, () => [])
  for (let c = 0; c < size; c++) {
    const ofClass = sources[c]
    for (let state = 0; state < states; state++) {
      const next = target(state, c)
      if (ofClass[next]) ofClass[next].push(state)
      else ofClass[next] = [state]
    }
  }
  budget.spend(size * states)
  const blockOf = new Int32Array(states)
  const blocks: Set<number>[] = [new Set(), new Set()]
  for (let state = 0; state < states; state++) {
    const block = state !== sink && accepting[state] ? 1 : 0
    blockOf[state] = block
    blocks[block].add(state)
  }
  const waiting: number[] = [1]
  const isWaiting = new Set([1])
  for (let splitter = waiting.pop(); splitter !== undefined; splitter = waiting.pop()) {
    isWaiting.delete(splitter)
    const members = [...blocks[splitter]]
    for (let c = 0; c < size; c++) {
      /** Per block: its states with a transition into the splitter. */
      const touched = new Map<number, number[]>()
      for (const member of members) {
        const leading = sources[c][member]
        if (!leading) continue
        budget.spend(leading.length)
        for (const state of leading) {
          const list = touched.get(blockOf[state])
          if (list) list.push(state)
          else touched.set(blockOf[state], [state])
        }
      }
      for (const [block, inside] of touched) {
        if (inside.length === blocks[block].size) continue
        const created = blocks.push(new Set(inside)) - 1
        for (const state of inside) {
          blocks[block].delete(state)
          blockOf[state] = created
        }
        const smaller = blocks[created].size <= blocks[block].size ? created : block
        const added = isWaiting.has(block) ? created : smaller
        if (isWaiting.has(added)) continue
        isWaiting.add(added)
        waiting.push(added)
      }
    }
  }
  // The block of state 0 comes first; the sink's block is dropped.
  const dead = blockOf[sink]
  const numberOf = new Map<number, number>([[blockOf[0], 0]])
  const order = [0]
  const rows: number[] = []
  for (const state of order) {
    for (let c = 0; c < size; c++) {
      const next = target(state, c)
      const block = blockOf[next]
      if (block === dead) {
        rows.push(DEAD)
        continue
      }
      let number = numberOf.get(block)
      if (number === undefined) {
        number = order.push(next) - 1
        numberOf.set(block, number)
      }
      rows.push(number)
    }
  }
  return {
    alphabet,
    table: Int32Array.from(rows),
    accepting: Uint8Array.from(order, (state) => accepting[state]),
  }
}
