import type { TokenId } from '../../tokenizer/tokenizer.js'

/** A guess at the tokens that follow. */
export interface Guess {
  readonly ids: readonly TokenId[]
  /** How many tokens before it are the same as where it was found; from `MIN_MATCH` to `MAX_MATCH`. */
  readonly match: number
}

/** Tokens that must be the same for a guess; more are compared to find the best of several places. */
export const MIN_MATCH = 2
export const MAX_MATCH = 8

/** Places that are compared, the latest first. */
const MAX_PLACES = 16

/**
 * Guesses that a text goes on as it did where its last tokens occurred before: for answers that repeat parts of their prompt,
 * such as edited code, summaries and quotations. Source: prompt lookup decoding (Saxena 2023).
 */
export class Lookup {
  readonly #ids: TokenId[] = []
  /** For each pair of neighbouring tokens, the position after its latest occurrence. */
  readonly #latest = new Map<number, number>()
  /** For each position, the one after the previous occurrence of the pair before it; 0 for none. */
  readonly #earlier: number[] = [0, 0]

  /** Appends a token of the text. */
  push(id: TokenId): void {
    const length = this.#ids.push(id)
    if (length < MIN_MATCH) return
    const pair = pairOf(this.#ids[length - 2], id)
    this.#earlier[length] = this.#latest.get(pair) ?? 0
    this.#latest.set(pair, length)
  }

  /** At most `most` tokens that may follow; `undefined` if the last tokens are new. */
  guess(most: number): Guess | undefined {
    const { length } = this.#ids
    let [best, match] = [0, 0]
    let place = this.#earlier[length] ?? 0
    for (let tried = 0; place > 0 && tried < MAX_PLACES && match < MAX_MATCH; tried++) {
      const same = this.#sameBefore(place)
      if (same > match) [best, match] = [place, same]
      place = this.#earlier[place]
    }
    if (match < MIN_MATCH || most < 1) return undefined
    const ids: TokenId[] = []
    // A place near the end continues with what is guessed: a text that repeats itself.
    for (let at = best; ids.length < most; at++) ids.push(at < length ? this.#ids[at] : ids[at - length])
    return { ids, match }
  }

  /** How many tokens before a place are those at the end, at most `MAX_MATCH`. */
  #sameBefore(place: number): number {
    const { length } = this.#ids
    let same = 0
    while (same < MAX_MATCH && same < place && this.#ids[place - 1 - same] === this.#ids[length - 1 - same])
      same++
    return same
  }
}

/** A number for a pair of ids: vocabularies have less than 2^24 tokens. */
function pairOf(first: TokenId, second: TokenId): number {
  return first * 2 ** 24 + second
}
