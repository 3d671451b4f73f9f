import { DasllamaError } from '../errors.js'
import { KeyHeap } from './key-heap.js'
import { PrefixAutomaton } from './prefix-automaton.js'
import { CONTROL, UNKNOWN, USER_DEFINED } from './token-attributes.js'
import type { SpecialToken, TokenId } from './tokenizer.js'
import type { Vocabulary } from './vocabulary.js'

/** A range of the text: a special token, or plain text if `id` is -1. */
export interface Fragment {
  readonly start: number
  readonly end: number
  readonly id: TokenId
}

/** Restricts control tokens, and reserved user-defined ones, to trusted text. */
export interface Restriction {
  /** User-defined tokens that are treated like control tokens. */
  readonly reserved: ReadonlySet<TokenId> | undefined
  /** The end of the trusted text that contains `position`; `position` itself in untrusted text. */
  trustedEnd(position: number): number
}

/** Limit on the total code units of the special tokens; the automaton takes about 60 bytes per unit. */
const MAX_UNITS = 4 * 2 ** 20
/** More than the code units of any string; a rank and a position still fit into the 53 bits of a double. */
const POSITIONS = 2 ** 29

/**
 * Finds special tokens in text: user-defined ones always, control tokens on request. As in llama.cpp, longer tokens
 * match first, each at the leftmost free positions. The running time does not depend on the number of tokens: each
 * position has a chain of candidates, and a heap yields the best candidate of all positions.
 */
export class SpecialTokenFinder {
  readonly #vocabulary: Vocabulary
  readonly #stripsRight: (text: string) => boolean
  readonly #stripsLeft: (text: string) => boolean
  /** All special tokens, longest first: a token's rank is its index. */
  readonly #ids: Int32Array
  readonly #lengths: Uint32Array
  #all: Candidates | undefined
  #userDefined: Candidates | undefined

  /** `stripsRight`, `stripsLeft`: whether ASCII whitespace after or before a token is dropped. Throws `LIMIT`. */
  constructor(
    vocabulary: Vocabulary,
    stripsRight: (text: string) => boolean,
    stripsLeft: (text: string) => boolean = () => false,
  ) {
    const { texts, attributes } = vocabulary
    this.#vocabulary = vocabulary
    this.#stripsRight = stripsRight
    this.#stripsLeft = stripsLeft
    const ids: TokenId[] = []
    let units = 0
    for (let id = 0; id < texts.length; id++) {
      if (!(attributes[id] & (CONTROL | UNKNOWN | USER_DEFINED))) continue
      ids.push(id)
      units += texts[id].length
    }
    if (units > MAX_UNITS) {
      throw new DasllamaError(
        'LIMIT',
        `tokenizer.ggml.tokens: the control and user-defined tokens have ${units} characters in total; the limit is ${MAX_UNITS}`,
      )
    }
    const bytes = Uint32Array.from(ids, (id) => utf8Length(texts[id]))
    const order = Array.from(ids.keys()).sort((a, b) => bytes[b] - bytes[a] || a - b)
    this.#ids = Int32Array.from(order, (index) => ids[index])
    this.#lengths = Uint32Array.from(this.#ids, (id) => texts[id].length)
  }

  get tokens(): readonly SpecialToken[] {
    const { texts } = this.#vocabulary
    return Array.from(this.#ids, (id) => ({ id, text: texts[id], isControl: this.#isControl(id) }))
  }

  /**
   * Splits text into non-empty fragments from left to right. `controls`: where control tokens are recognized: nowhere,
   * everywhere, or as restricted.
   */
  split(text: string, controls: 'nowhere' | 'everywhere' | Restriction): Fragment[] {
    if (text === '') return []
    const best = this.#bestAt(text, controls)
    const heap = new KeyHeap()
    const consider = (position: number, length: number) => {
      const rank = best(position, length)
      if (rank >= 0) heap.push(rank * POSITIONS + position)
    }
    for (let position = 0; position < text.length; position++) consider(position, text.length - position)
    const taken: Taken[] = []
    /** For each position, 1 + the start of the token that covers it, with its stripped whitespace; 0 if it is free. */
    const owners = new Int32Array(heap.isEmpty ? 0 : text.length)
    for (let key = heap.pop(); key >= 0; key = heap.pop()) {
      const rank = Math.floor(key / POSITIONS)
      const start = key - rank * POSITIONS
      const end = start + this.#lengths[rank]
      if (owners[start] > 0) continue
      // A token that overlaps this range is at least as long, so it covers the range's last position, too.
      const owner = owners[end - 1]
      if (owner > 0) {
        consider(start, owner - 1 - start)
        continue
      }
      const id = this.#ids[rank]
      const isFreeSpace = (at: number) => owners[at] === 0 && isAsciiSpace(text.charCodeAt(at))
      let before = start
      if (this.#stripsLeft(this.#vocabulary.texts[id])) while (before > 0 && isFreeSpace(before - 1)) before--
      let next = end
      if (this.#stripsRight(this.#vocabulary.texts[id]))
        while (next < text.length && isFreeSpace(next)) next++
      owners.fill(before + 1, before, next)
      taken.push({ start, end, id, before, next })
    }
    return fragmentsOf(text.length, taken)
  }

  /** Returns a function that finds the best-ranked token of at most `length` code units at a position; -1 if there is none. */
  #bestAt(
    text: string,
    controls: 'nowhere' | 'everywhere' | Restriction,
  ): (position: number, length: number) => number {
    const userDefined = () => {
      this.#userDefined ??= this.#candidates((id) => !this.#isControl(id))
      return this.#userDefined.in(text)
    }
    if (controls === 'nowhere') return userDefined()
    this.#all ??= this.#candidates(() => true)
    const any = this.#all.in(text)
    if (controls === 'everywhere') return any
    const free = userDefined()
    const { reserved } = controls
    return (position, length) => {
      const trusted = any(position, Math.min(length, controls.trustedEnd(position) - position))
      let rank = free(position, length)
      while (rank >= 0 && reserved?.has(this.#ids[rank])) rank = free(position, this.#lengths[rank] - 1)
      // Of two tokens at one position, the longer one has the lower rank.
      return trusted < 0 ? rank : rank < 0 ? trusted : Math.min(trusted, rank)
    }
  }

  #candidates(has: (id: TokenId) => boolean): Candidates {
    const ranks = Array.from(this.#ids.keys()).filter((rank) => has(this.#ids[rank]))
    return new Candidates(
      Int32Array.from(ranks),
      ranks.map((rank) => this.#vocabulary.texts[this.#ids[rank]]),
    )
  }

  #isControl(id: TokenId): boolean {
    return (this.#vocabulary.attributes[id] & (CONTROL | UNKNOWN)) !== 0
  }
}

/** A subset of the special tokens. */
class Candidates {
  readonly #ranks: Int32Array
  readonly #automaton: PrefixAutomaton

  constructor(ranks: Int32Array, texts: readonly string[]) {
    this.#ranks = ranks
    this.#automaton = new PrefixAutomaton(
      texts,
      Uint32Array.from(texts, (text) => text.length),
    )
  }

  /** Returns a function for the rank of the longest token of at most `length` code units at a position, or -1. */
  in(text: string): (position: number, length: number) => number {
    if (this.#ranks.length === 0) return () => -1
    const longest = this.#automaton.longest(text)
    return (position, length) => {
      const word = longest[position]
      const found = word < 0 ? word : this.#automaton.atMost(word, length)
      return found < 0 ? -1 : this.#ranks[found]
    }
  }
}

/** A match; `before` and `next` are where it begins and ends with its stripped whitespace. */
interface Taken extends Fragment {
  readonly before: number
  readonly next: number
}

function fragmentsOf(length: number, taken: Taken[]): Fragment[] {
  const fragments: Fragment[] = []
  let position = 0
  for (const { start, end, id, before, next } of taken.sort((a, b) => a.start - b.start)) {
    if (position < before) fragments.push({ start: position, end: before, id: -1 })
    fragments.push({ start, end, id })
    position = next
  }
  if (position < length) fragments.push({ start: position, end: length, id: -1 })
  return fragments
}

/** Bytes of the text in UTF-8; a lone surrogate counts as U+FFFD. */
function utf8Length(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    const isPair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00
    // A pair has two code units and four bytes.
    length += unit < 0x800 ? 1 : 2
    if (isPair) at++
  }
  return length
}

/** C's `isspace`. */
function isAsciiSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)
}
