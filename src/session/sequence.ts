import type { Phase } from '../backend/batch.js'
import type { TokenId } from '../tokenizer/tokenizer.js'

/** Everything that a sequence remembers, as plain data. */
export interface SequenceState {
  /** Evaluated tokens. */
  ids: TokenId[]
  /** How each of them was evaluated. */
  phases: Phase[]
  /** How many of them, from the first on, saw all that stood before them: less than all after a context shift. */
  whole: number
  /** Chosen by `generate` and not evaluated yet. */
  pending: TokenId | undefined
  /** Chosen tokens, which the penalties look at. */
  recent: TokenId[]
  /** For each of `recent`, the position that it was chosen for. */
  places: number[]
}

function nothing(): SequenceState {
  return { ids: [], phases: [], whole: 0, pending: undefined, recent: [], places: [] }
}

/**
 * The tokens of a session: where each came from, and which of them may serve another prompt. The memory may have fewer:
 * what it has lost can be evaluated again from here, to the same bits.
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

  get recent(): readonly TokenId[] {
    return this.#state.recent
  }

  clone(): Sequence {
    const { ids, phases, recent, places, ...rest } = this.#state
    return new Sequence({
      ids: [...ids],
      phases: [...phases],
      recent: [...recent],
      places: [...places],
      ...rest,
    })
  }

  /** Another sequence, of the first `length` evaluated tokens, none of which was chosen. */
  beginning(length: number): Sequence {
    const { ids, phases, whole } = this.#state
    return new Sequence({
      ...nothing(),
      ids: ids.slice(0, length),
      phases: phases.slice(0, length),
      whole: Math.min(whole, length),
    })
  }

  /** Tokens have been evaluated; a pending one was the first of them. */
  append(batch: readonly TokenId[], phase: Phase): void {
    const state = this.#state
    if (state.whole === state.ids.length) state.whole += batch.length
    for (const id of batch) {
      state.ids.push(id)
      state.phases.push(phase)
    }
    state.pending = undefined
  }

  /** Undoes what was appended since `position` tokens were evaluated and `pending` was the next one. */
  retract(position: number, pending: TokenId | undefined): void {
    this.#shorten(position)
    this.#state.pending = pending
  }

  /** A token has been chosen for the next position. `isPending`: it will be evaluated if the sequence goes on. */
  choose(id: TokenId, { isPending }: { isPending: boolean }): void {
    this.#state.recent.push(id)
    this.#state.places.push(this.position)
    if (isPending) this.#state.pending = id
  }

  /** Forgets all tokens from position `length` on, a pending one included. */
  cut(length: number): void {
    const state = this.#state
    if (length >= this.length) return
    state.pending = undefined
    this.#shorten(length)
    while (state.places.length > 0 && state.places[state.places.length - 1] >= length) {
      state.places.pop()
      state.recent.pop()
    }
  }

  /** What was chosen so far no longer counts for the penalties. */
  forgetChoices(): void {
    this.#state.recent = []
    this.#state.places = []
  }

  /** Takes `count` tokens away after the first `keep`; the rest moves down. */
  drop(keep: number, count: number): void {
    const state = this.#state
    state.ids.splice(keep, count)
    state.phases.splice(keep, count)
    state.places = state.places.map((place) => place - count)
    state.whole = Math.min(state.whole, keep)
  }

  /**
   * How many tokens of `prompt` are here already, from the first on; not its last one, whose logits are needed. `phase`:
   * only tokens that were evaluated in this way count.
   */
  shared(prompt: readonly TokenId[], phase?: Phase): number {
    const state = this.#state
    const most = Math.min(state.whole, prompt.length - 1)
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
    state.whole = Math.min(state.whole, length)
  }
}
