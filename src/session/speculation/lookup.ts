import type { TokenId } from '../../tokenizer/tokenizer.js'

/** A guess at the tokens that follow. */
export interface Guess {
  readonly ids: readonly TokenId[]
  /** What speaks for it: one of `MATCH_PRIORS`. */
  readonly kind: number
}

/** Lengths of matches that are told apart, each with those up to the next one. */
const MATCHES = [2, 3, 4, 6, 10, 20, 40]
/** For each of them: the chance that a guessed token is right, until drafts have been tried. */
export const MATCH_PRIORS = [0.45, 0.55, 0.7, 0.8, 0.87, 0.93, 0.96]

/** Tokens that are compared at most to find the best of several places. */
export const MAX_MATCH = MATCHES[MATCHES.length - 1]

/** Lengths of the stretches by which places are found, the longest first. */
const STRETCHES = [5, MATCHES[0]]

/** Places of each length of stretch that are compared, the latest first. */
const MAX_PLACES = 16

/**
 * Guesses that a text goes on as it did where its last tokens occurred before: for answers that repeat parts of their prompt,
 * such as edited code, summaries and quotations. Source: prompt lookup decoding (Saxena 2023).
 */
export class Lookup {
  readonly #ids: TokenId[] = []
  readonly #indexes = STRETCHES.map((length) => new StretchIndex(length))

  /** Appends a token of the text. */
  push(id: TokenId): void {
    this.#ids.push(id)
    for (const index of this.#indexes) index.add(this.#ids)
  }

  /** At most `most` tokens that may follow; `undefined` if nothing speaks for any. */
  guess(most: number): Guess | undefined {
    if (most < 1) return undefined
    const { place, match } = this.#best()
    if (match < MATCHES[0]) return undefined
    const { length } = this.#ids
    const ids: TokenId[] = []
    // A place near the end continues with what is guessed: a text that repeats itself.
    for (let at = place; ids.length < most; at++) ids.push(at < length ? this.#ids[at] : ids[at - length])
    return { ids, kind: MATCHES.filter((least) => match >= least).length - 1 }
  }

  /** The place with the longest match; of equal ones the latest, among those with the longest stretch. */
  #best(): { readonly place: number; readonly match: number } {
    let [place, match] = [0, 0]
    for (const index of this.#indexes) {
      for (const at of index.places(this.#ids.length)) {
        const same = this.#sameBefore(at)
        if (same > match) [place, match] = [at, same]
        if (match >= MAX_MATCH) return { place, match }
      }
    }
    return { place, match }
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

/** Where stretches of some length have occurred. Different ones may share a number. */
class StretchIndex {
  readonly #length: number
  /** For each stretch, the position after its latest occurrence. */
  readonly #latest = new Map<number, number>()
  /** For each position, the one after the previous occurrence of the stretch before it; 0 for none. */
  readonly #earlier: number[] = [0]

  constructor(length: number) {
    this.#length = length
  }

  /** `ids`: the text, of which the last token is new. */
  add(ids: readonly TokenId[]): void {
    const { length } = ids
    this.#earlier[length] = 0
    if (length < this.#length) return
    let number = 0
    for (let at = length - this.#length; at < length; at++) number = (number * 16_777_619 + ids[at]) % 2 ** 48
    this.#earlier[length] = this.#latest.get(number) ?? 0
    this.#latest.set(number, length)
  }

  /** Positions after earlier occurrences of the stretch before `position`, the latest first. */
  *places(position: number): Generator<number> {
    let place = this.#earlier[position] ?? 0
    for (let tried = 0; place > 0 && tried < MAX_PLACES; tried++) {
      yield place
      place = this.#earlier[place]
    }
  }
}
