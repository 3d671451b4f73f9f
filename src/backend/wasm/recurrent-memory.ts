import type { Phase } from '../batch.js'
import { reachableLength, type Span } from '../memory.js'
import { CHECKPOINT_EVERY, checkpointsWithin, leastNeeded } from './checkpoints.js'
import { type State, type StatePool, share } from './states.js'
import type { RunStates } from './steps/step.js'

/**
 * Most rows at the end of a run of decodes whose states are all kept, so that any part of a draft can be taken back: a token and
 * the longest draft behind it.
 */
const MAX_ROW_STATES = 16
/** With two, every row of a run reads a state and writes another. */
const MIN_ROW_STATES = 2

/** What a run adds to a memory. */
export interface Appended {
  readonly rows: number
  readonly phase: Phase
  /** Whether the result of its last row is wanted: the end of a prompt, not of a part of it. */
  readonly isPromptEnd: boolean
}

/** The state after the first `length` positions. */
interface Kept {
  readonly length: number
  readonly state: State
  isCheckpoint: boolean
}

/** A run on its way: its first state, and where it writes those of its last rows. */
interface Running {
  readonly from: State
  readonly after: readonly State[]
}

/**
 * The states of one sequence's recurrent layers, at the lengths to which it can be truncated:
 *
 * - the present one, and, until the next run, one for each of the last rows of a run of decodes;
 * - the one at the length that `hold` was called at;
 * - checkpoints: ends of prompts, and of the first run of a prompt past each multiple of 512 positions. Beyond a number that depends
 *   on their size they are thinned so that they stay spread; the end of the latest prompt stays.
 *
 * All but the present one can be dropped where memory is short: see `relieve`.
 */
export class RecurrentMemory {
  readonly #pool: StatePool
  /** Ascending; the last one is the present state, unless that is empty. */
  #kept: Kept[] = []
  #length = 0
  #promptEnd = 0
  #held: number | undefined
  /** From this length on, all that is kept are states of the last run. */
  #runStart = 0
  #running: Running | undefined

  constructor(pool: StatePool) {
    this.#pool = pool
  }

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#kept.length * this.#pool.bytes
  }

  get reach(): readonly Span[] {
    const reach: [number, number][] = [[0, 0]]
    for (const { length } of this.#kept) {
      const last = reach[reach.length - 1]
      if (length === last[1] + 1) last[1] = length
      else reach.push([length, length])
    }
    return reach
  }

  /** The present state; `undefined` for the one before the first position. */
  get state(): State | undefined {
    return this.#length > 0 ? this.#kept[this.#kept.length - 1].state : undefined
  }

  /** Takes the states that a run of `rows` rows writes. Throws `OUT_OF_MEMORY`; then, and after a failed pass, call `rollback`. */
  prepare(rows: number, phase: Phase): RunStates {
    const { state } = this
    const from = state ? share(state) : this.#pool.zeros()
    const after: State[] = []
    this.#running = { from, after }
    const needed = phase === 'prefill' ? 1 : Math.min(rows, MIN_ROW_STATES)
    const wanted = phase === 'prefill' ? 1 : Math.min(rows, MAX_ROW_STATES)
    while (after.length < needed) after.push(this.#pool.take())
    while (after.length < wanted) {
      const state = this.#pool.takeFree()
      if (!state) break
      after.push(state)
    }
    return { from: from.pointer, after: spansOfRows(phase === 'prefill' ? 1 : rows, after) }
  }

  /** Gives back what a run has taken. */
  rollback(): void {
    const running = this.#running
    this.#running = undefined
    if (!running) return
    for (const state of [running.from, ...running.after]) this.#pool.release(state)
  }

  /** Appends the rows of the run that has been prepared and run. */
  commit({ rows, phase, isPromptEnd }: Appended): void {
    const { from, after } = this.#running!
    this.#running = undefined
    const before = this.#length
    this.#length += rows
    const first = this.#length - after.length + 1
    for (const [index, state] of after.entries()) {
      this.#kept.push({ length: first + index, state, isCheckpoint: false })
    }
    this.#pool.release(from)
    if (phase === 'decode') {
      // If some rows have no state, the one before all of them stays.
      this.#runStart = after.length === rows ? before + 1 : before
    } else {
      this.#runStart = this.#length
      if (isPromptEnd) this.#promptEnd = this.#length
      const isDue = Math.floor(before / CHECKPOINT_EVERY) !== Math.floor(this.#length / CHECKPOINT_EVERY)
      if (isPromptEnd || isDue) this.#kept[this.#kept.length - 1].isCheckpoint = true
    }
    this.#prune()
  }

  /** As `SequenceMemory.truncate`. */
  truncate(to: number): number {
    const length = reachableLength(this.reach, to)
    this.#length = length
    this.#runStart = Math.min(this.#runStart, length)
    if (this.#promptEnd > length) this.#promptEnd = 0
    if (this.#held !== undefined && this.#held > length) this.#held = undefined
    this.#keepOnly((each) => each.length <= length)
    return length
  }

  hold(): void {
    this.#held = this.#length
  }

  release(): void {
    this.#held = undefined
    this.#prune()
  }

  /** Replaces the content by the present state and the checkpoints of another one. */
  copyFrom(other: RecurrentMemory): void {
    const copied = other.#kept
      .filter(({ length, isCheckpoint }) => isCheckpoint || length === other.#length)
      .map((each) => ({ ...each, state: share(each.state) }))
    this.#replace(copied, other.#length, other.#promptEnd)
  }

  /** Replaces the content by a state after `length` positions, which becomes this memory's; `undefined` for length 0. */
  set(state: State | undefined, { length, promptEnd }: { length: number; promptEnd: number }): void {
    const isCheckpoint = promptEnd === length
    this.#replace(state ? [{ length, state, isCheckpoint }] : [], length, isCheckpoint ? length : 0)
  }

  /**
   * Drops one of the states that it can do without, other than the end of the latest prompt and what is held. `all`: also those.
   * Returns false if there is none.
   */
  relieve({ all }: { all: boolean }): boolean {
    const free = this.#kept.filter(({ length }) => length !== this.#length && length !== this.#held)
    const row = free.find(({ isCheckpoint }) => !isCheckpoint)
    const checkpoint = leastNeeded(this.#checkpoints(), [this.#promptEnd, this.#length])
    const dropped =
      row ??
      free.find(({ length }) => length === checkpoint) ??
      (all ? this.#kept.find(({ length }) => length !== this.#length) : undefined)
    if (!dropped) return false
    if (dropped.length === this.#held) this.#held = undefined
    this.#keepOnly((each) => each !== dropped)
    return true
  }

  dispose(): void {
    this.rollback()
    this.#replace([], 0, 0)
  }

  #replace(kept: Kept[], length: number, promptEnd: number): void {
    const before = this.#kept
    this.#kept = kept
    this.#length = length
    this.#promptEnd = promptEnd
    this.#held = undefined
    this.#runStart = length
    for (const { state } of before) this.#pool.release(state)
  }

  #checkpoints(): number[] {
    return this.#kept.flatMap(({ length, isCheckpoint }) => (isCheckpoint ? [length] : []))
  }

  /** Drops what need not stay reachable. */
  #prune(): void {
    const checkpoints = this.#checkpoints()
    while (checkpoints.length > checkpointsWithin(this.#pool.bytes)) {
      const dropped = leastNeeded(checkpoints, [this.#promptEnd])
      if (dropped === undefined) break
      checkpoints.splice(checkpoints.indexOf(dropped), 1)
      this.#kept.find(({ length }) => length === dropped)!.isCheckpoint = false
    }
    this.#keepOnly(
      ({ length, isCheckpoint }) => isCheckpoint || length >= this.#runStart || length === this.#held,
    )
  }

  #keepOnly(isKept: (each: Kept) => boolean): void {
    const dropped = this.#kept.filter((each) => !isKept(each))
    if (dropped.length === 0) return
    this.#kept = this.#kept.filter(isKept)
    for (const { state } of dropped) this.#pool.release(state)
  }
}

/**
 * For each row, where its state is written: the last rows have a state each. Earlier ones alternate between two of them, because no
 * row may write the state that it reads.
 */
function spansOfRows(rows: number, states: readonly State[]): RunStates['after'] {
  const own = rows - states.length
  const last = states.length - 1
  return Array.from({ length: rows }, (_, row) => {
    if (row >= own) return states[row - own].pointer
    return states[(own - 1 - row) % 2 === 0 ? last : 0].pointer
  })
}
