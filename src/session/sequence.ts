import type { Phase } from '../backend/batch.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** The state of a sequence, as plain data. */
export interface SequenceState {
  /** Evaluated tokens. */
  ids: TokenId[]
  /** How each of them was evaluated. */
  phases: Phase[]
  /** Length of the prefix that no context shift has touched: all tokens, or those before the first shift. */
  unshiftedLength: number
  /** Sampled by `generate` and not evaluated yet. */
  pending: TokenId | undefined
  /** Sampled tokens, which penalties apply to. */
  previousTokens: TokenId[]
  /** The position that each of `previousTokens` was sampled for. */
  previousPositions: number[]
}

function nothing(): SequenceState {
  return {
    ids: [],
    phases: [],
    unshiftedLength: 0,
    pending: undefined,
    previousTokens: [],
    previousPositions: [],
  }
}

/**
 * The tokens of a session, how each was evaluated, and which prefix another prompt can reuse. The memory may hold fewer:
 * the rest can be evaluated again from here, to the same bits.
 */
export class Sequence {
  readonly #state: SequenceState

  constructor(state = nothing()) {
    this.#state = state
  }

  /** A view, not a copy. */
  get state(): Readonly<SequenceState> {
    return this.#state
  }

  /** Evaluated tokens, which is the position of the next one. */
  get position(): number {
    return this.#state.ids.length
  }

  /** With the pending one. */
  get length(): number {
    return this.position + (this.pending === undefined ? 0 : 1)
  }

  get pending(): TokenId | undefined {
    return this.#state.pending
  }

  get previousTokens(): readonly TokenId[] {
    return this.#state.previousTokens
  }

  clone(): Sequence {
    const { ids, phases, previousTokens, previousPositions, ...rest } = this.#state
    return new Sequence({
      ids: [...ids],
      phases: [...phases],
      previousTokens: [...previousTokens],
      previousPositions: [...previousPositions],
      ...rest,
    })
  }

  /** A new sequence of the first `length` evaluated tokens, none of them counted as sampled. */
  beginning(length: number): Sequence {
    const { ids, phases, unshiftedLength } = this.#state
    return new Sequence({
      ...nothing(),
      ids: ids.slice(0, length),
      phases: phases.slice(0, length),
      unshiftedLength: Math.min(unshiftedLength, length),
    })
  }

  /** Appends evaluated tokens. A pending token was the first of them. */
  append(batch: readonly TokenId[], phase: Phase): void {
    const state = this.#state
    if (state.unshiftedLength === state.ids.length) state.unshiftedLength += batch.length
    for (const id of batch) {
      state.ids.push(id)
      state.phases.push(phase)
    }
    state.pending = undefined
  }

  /** Undoes appends: back to `position` evaluated tokens with `pending` as the next one. */
  retract(position: number, pending: TokenId | undefined): void {
    this.#shorten(position)
    this.#state.pending = pending
  }

  /** Records a token sampled for the next position. `isPending`: it is evaluated when the sequence goes on. */
  choose(id: TokenId, { isPending }: { isPending: boolean }): void {
    this.#state.previousTokens.push(id)
    this.#state.previousPositions.push(this.position)
    if (isPending) this.#state.pending = id
  }

  /** Drops all tokens from position `length` on, including a pending one. */
  cut(length: number): void {
    const state = this.#state
    if (length >= this.length) return
    state.pending = undefined
    this.#shorten(length)
    while (
      state.previousPositions.length > 0 &&
      state.previousPositions[state.previousPositions.length - 1] >= length
    ) {
      state.previousPositions.pop()
      state.previousTokens.pop()
    }
  }

  /** Penalties no longer apply to the tokens sampled so far. */
  forgetChoices(): void {
    this.#state.previousTokens = []
    this.#state.previousPositions = []
  }

  /** Drops `count` tokens after the first `keep`; the rest moves down. */
  drop(keep: number, count: number): void {
    const state = this.#state
    state.ids.splice(keep, count)
    state.phases.splice(keep, count)
    state.previousPositions = state.previousPositions.map((position) => position - count)
    state.unshiftedLength = Math.min(state.unshiftedLength, keep)
  }

  /**
   * Length of the prefix that `prompt` shares with this sequence, at most all but its last token, whose logits are needed.
   * `phase`: count only tokens that were evaluated in this phase.
   */
  shared(prompt: readonly TokenId[], phase?: Phase): number {
    const state = this.#state
    const most = Math.min(state.unshiftedLength, prompt.length - 1)
    let count = 0
    while (count < most && state.ids[count] === prompt[count]) {
      if (phase !== undefined && state.phases[count] !== phase) break
      count++
    }
    return count
  }

  #shorten(length: number): void {
    const state = this.#state
    state.ids.length = state.phases.length = Math.min(state.ids.length, length)
    state.unshiftedLength = Math.min(state.unshiftedLength, length)
  }
}
