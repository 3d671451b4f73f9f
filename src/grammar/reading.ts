import { DasllamaError } from '../errors.js'
import type { ByteAutomaton } from './byte-automaton.js'
import { MAX_KNOWN_READINGS, MAX_KNOWN_STATES, MAX_READINGS, MAX_STORED_READINGS } from './limits.js'

/** The empty stack. */
const BOTTOM = 0

/** Upper bound of stack numbers, so that a state and a stack fit into one number. */
const STACKS = 2 ** 30

/** A transition not computed yet, and the dead set. */
const UNKNOWN = -1
export const DEAD = 0

const QUOTE = 0x22

/** A configuration: a state of the automaton, and the stack of states to return to. */
interface Configuration {
  readonly state: number
  readonly stack: number
}

/**
 * All parses of a text simultaneously: sets of configurations, numbered from 1 in the order of discovery, with cached
 * transitions. A step of the pushdown automaton that has been seen before is a table lookup.
 *
 * Stacks are lists with shared tails; equal stacks have the same number.
 */
export class Readings {
  readonly #automaton: ByteAutomaton
  /** Per stack: the state to return to and the stack below it. */
  readonly #returns: number[] = [-1]
  readonly #below: number[] = [-1]
  readonly #height: number[] = [0]
  readonly #stackOf = new Map<number, number>()
  /** Per set: its configurations as `state * STACKS + stack`, ascending. */
  readonly #sets: Float64Array[] = [new Float64Array(0)]
  readonly #setOf = new Map<string, number>()
  /** Number of configurations in all sets plus stacks. */
  #stored = 0
  /** The adopted ones among them. */
  #adopted = 0
  /** Number of byte classes: the width of the table. */
  readonly width: number
  /** The next set by set and byte class, or `UNKNOWN`. Replaced when it grows. */
  table: Int32Array
  /** Whether the text may end in a set. Replaced when it grows. */
  ended: Uint8Array
  /** Sets with a configuration in which no token may end. Replaced when it grows. */
  #passing: Uint8Array
  /** The initial set. */
  readonly start: number

  constructor(automaton: ByteAutomaton) {
    this.#automaton = automaton
    this.width = automaton.byteOfClass.length
    this.table = new Int32Array(256 * this.width).fill(UNKNOWN)
    this.table.fill(DEAD, 0, this.width)
    this.ended = new Uint8Array(256)
    this.#passing = new Uint8Array(256)
    this.start = this.#close([{ state: automaton.rootStart, stack: BOTTOM }])
  }

  /** Whether the cache is so large that resetting it saves more than it costs. */
  get isFull(): boolean {
    const isMuch = this.#sets.length > MAX_KNOWN_STATES || this.#stored > MAX_KNOWN_READINGS
    // The sets that a new cache would have to adopt cost the same again.
    return isMuch && this.#stored > 2 * this.#adopted
  }

  /** The next set for a byte of this class. */
  step(set: number, byteClass: number): number {
    const known = this.table[set * this.width + byteClass]
    if (known !== UNKNOWN) return known
    const byte = this.#automaton.byteOfClass[byteClass]
    const next: Configuration[] = []
    for (const key of this.#sets[set]) {
      const { state, stack } = configuration(key)
      const { bytes } = this.#automaton.state(state)
      for (let i = 0; i < bytes.length; i += 3) {
        if (byte >= bytes[i] && byte <= bytes[i + 1]) next.push({ state: bytes[i + 2], stack })
      }
    }
    const found = next.length === 0 ? DEAD : this.#close(next)
    this.table[set * this.width + byteClass] = found
    return found
  }

  /** Whether a token may end in a set: see `passing` of `grammar.ts`. */
  mayRest(set: number): boolean {
    return this.#passing[set] === 0 || this.step(set, this.#automaton.classOf[QUOTE]) !== DEAD
  }

  /** The next set for these bytes. */
  run(set: number, bytes: Uint8Array): number {
    const { classOf } = this.#automaton
    for (let i = 0; i < bytes.length && set !== DEAD; i++) set = this.step(set, classOf[bytes[i]])
    return set
  }

  /** Whether any byte can follow. */
  isOpen(set: number): boolean {
    return this.#sets[set].length > 0
  }

  /**
   * The set without the common bottom of its configurations' stacks, so that sets that differ only in it become equal;
   * and the set to continue with when that stack is returned to, `DEAD` if it is empty.
   */
  localized(set: number): { readonly local: number; readonly after: number } {
    const keys = this.#sets[set]
    if (this.ended[set] || keys.length === 0) return { local: set, after: DEAD }
    let common = configuration(keys[0]).stack
    for (let i = 1; i < keys.length && common !== BOTTOM; i++) {
      common = this.#commonStack(common, configuration(keys[i]).stack)
    }
    if (common === BOTTOM) return { local: set, after: DEAD }
    const rebased = new Map<number, number>([[common, BOTTOM]])
    const local = Array.from(keys, (key) => {
      const { state, stack } = configuration(key)
      return state * STACKS + this.#rebase(stack, rebased)
    })
    const returned = { state: this.#returns[common], stack: this.#below[common] }
    return { local: this.#intern(local), after: this.#close([returned]) }
  }

  /** The number here of a set from another cache of the same automaton. */
  adopt(other: Readings, set: number): number {
    const before = this.#stored
    const stacks = new Map<number, number>([[BOTTOM, BOTTOM]])
    const keys = Array.from(other.#sets[set], (key) => {
      const { state, stack } = configuration(key)
      return state * STACKS + this.#rebase(stack, stacks, other)
    })
    const adopted = this.#intern(keys, { ended: other.ended[set] === 1 })
    this.#adopted += this.#stored - before
    return adopted
  }

  /** A copy of a stack with its tail replaced according to `known`. */
  #rebase(stack: number, known: Map<number, number>, owner: Readings = this): number {
    const above: number[] = []
    let at = stack
    for (; !known.has(at); at = owner.#below[at]) above.push(at)
    let rebased = known.get(at)!
    for (let i = above.length - 1; i >= 0; i--) {
      rebased = this.#push(owner.#returns[above[i]], rebased)
      known.set(above[i], rebased)
    }
    return rebased
  }

  #commonStack(a: number, b: number): number {
    while (a !== b) {
      if (this.#height[a] >= this.#height[b]) a = this.#below[a]
      else b = this.#below[b]
    }
    return a
  }

  #push(returnTo: number, below: number): number {
    const key = returnTo * STACKS + below
    let stack = this.#stackOf.get(key)
    if (stack === undefined) {
      this.#store(1)
      stack = this.#returns.push(returnTo) - 1
      this.#below.push(below)
      this.#height.push(this.#height[below] + 1)
      this.#stackOf.set(key, stack)
    }
    return stack
  }

  /** The epsilon closure of these configurations. */
  #close(waiting: Configuration[]): number {
    const automaton = this.#automaton
    const seen = new Set<number>()
    const kept: number[] = []
    let ended = false
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const { state, stack } = next
      const key = state * STACKS + stack
      if (seen.has(key)) continue
      seen.add(key)
      if (seen.size > 4 * MAX_READINGS) throw tooManyReadings()
      if (automaton.isEnd(state)) {
        if (stack === BOTTOM) ended = true
        else waiting.push({ state: this.#returns[stack], stack: this.#below[stack] })
        continue
      }
      const { bytes, free, calls } = automaton.state(state)
      if (bytes.length > 0) kept.push(key)
      for (const target of free) waiting.push({ state: target, stack })
      for (let i = 0; i < calls.length; i += 2) {
        const [rule, after] = [calls[i], calls[i + 1]]
        // A tail call need not return here, so right recursion does not grow the stack.
        const above = automaton.isEnd(after) ? stack : this.#push(after, stack)
        waiting.push({ state: automaton.start(rule), stack: above })
      }
    }
    return this.#intern(kept, { ended })
  }

  #intern(keys: number[], { ended = false } = {}): number {
    if (keys.length > MAX_READINGS) throw tooManyReadings()
    if (keys.length === 0 && !ended) return DEAD
    const sorted = Float64Array.from(keys).sort()
    const name = `${ended ? '+' : ''}${sorted.join()}`
    let set = this.#setOf.get(name)
    if (set === undefined) {
      this.#store(sorted.length)
      set = this.#sets.push(sorted) - 1
      this.#setOf.set(name, set)
      this.#makeRoom(set)
      this.ended[set] = ended ? 1 : 0
      this.#passing[set] = keys.some((key) => this.#automaton.isPassing(configuration(key).state)) ? 1 : 0
    }
    return set
  }

  #store(count: number): void {
    this.#stored += count
    if (this.#stored <= MAX_STORED_READINGS) return
    throw new DasllamaError(
      'LIMIT',
      `the grammar needs more than ${MAX_STORED_READINGS} readings and stacks`,
      {
        hint: 'it nests too deeply or is too ambiguous: let alternatives begin differently',
      },
    )
  }

  #makeRoom(set: number): void {
    if (set < this.ended.length) return
    const table = new Int32Array(2 * this.table.length).fill(UNKNOWN, this.table.length)
    table.set(this.table)
    this.table = table
    const ended = new Uint8Array(2 * this.ended.length)
    ended.set(this.ended)
    this.ended = ended
    const passing = new Uint8Array(2 * this.#passing.length)
    passing.set(this.#passing)
    this.#passing = passing
  }
}

function configuration(key: number): Configuration {
  const state = Math.floor(key / STACKS)
  return { state, stack: key - state * STACKS }
}

function tooManyReadings(): DasllamaError {
  return new DasllamaError('LIMIT', `the text has more than ${MAX_READINGS} simultaneous parses`, {
    hint: 'the grammar is too ambiguous: let alternatives begin differently',
  })
}
