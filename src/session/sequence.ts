import type { TokenId } from '../tokenizer/tokenizer.js'

/** Everything that a sequence remembers, as plain data. */
export interface SequenceState {
  /** Evaluated tokens. */
  ids: TokenId[]
  /** For each of them, whether it went through the network in tiles, as prompts do, or alone. */
  tiled: boolean[]
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
  return { ids: [], tiled: [], whole: 0, pending: undefined, recent: [], places: [] }
}

/** The tokens of a session: where each came from, and what of the cache may serve another prompt. */
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
    const { ids, tiled, recent, places, ...rest } = this.#state
    return new Sequence({
      ids: [...ids],
      tiled: [...tiled],
      recent: [...recent],
      places: [...places],
      ...rest,
    })
  }

  /** Tokens have been evaluated; a pending one was the first of them. */
  append(batch: readonly TokenId[], tiled: boolean): void {
    const state = this.#state
    if (state.whole === state.ids.length) state.whole += batch.length
    for (const id of batch) {
      state.ids.push(id)
      state.tiled.push(tiled)
    }
    state.pending = undefined
  }

  /** A token has been chosen for the next position. `pending`: it will be evaluated if the sequence goes on. */
  choose(id: TokenId, pending: boolean): void {
    this.#state.recent.push(id)
    this.#state.places.push(this.position)
    if (pending) this.#state.pending = id
  }

  /** Forgets all tokens from position `length` on, a pending one included. */
  cut(length: number): void {
    const state = this.#state
    if (length >= this.length) return
    state.pending = undefined
    state.ids.length = state.tiled.length = Math.min(state.ids.length, length)
    state.whole = Math.min(state.whole, length)
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
    state.tiled.splice(keep, count)
    state.places = state.places.map((place) => place - count)
    state.whole = Math.min(state.whole, keep)
  }

  /**
   * How many tokens of `prompt` need not be evaluated again: all that stand at the beginning already, but for the
   * last one of the prompt, for somebody must give the logits. `tiled`: only tokens that went this way count.
   */
  shared(prompt: readonly TokenId[], tiled?: boolean): number {
    const state = this.#state
    const most = Math.min(state.whole, prompt.length - 1)
    let count = 0
    while (count < most && state.ids[count] === prompt[count]) {
      if (tiled !== undefined && state.tiled[count] !== tiled) break
      count++
    }
    return count
  }
}
