import type { TokenId } from '../../tokenizer/tokenizer.js'
import { MAX_DRAFT } from '../packing.js'
import { DraftLength } from './draft-length.js'
import { Lookup } from './lookup.js'

/**
 * Drafts for one generation: tokens that are evaluated together with the next one, in the hope that they are sampled. What is
 * sampled does not depend on drafts, only how many passes it takes.
 */
export class Speculator {
  readonly #lookup = new Lookup()
  readonly #length = new DraftLength()
  /** The latest draft, until the next one. */
  #draft = { match: 0, ids: 0, right: 0 }

  /** `ids`: the text so far. */
  constructor(ids: readonly TokenId[]) {
    for (const id of ids) this.#lookup.push(id)
  }

  /** Tokens to evaluate after the next one, at most `room`. Empty if a guess is not worth its time. */
  draft(next: TokenId, room: number): readonly TokenId[] {
    this.#learn()
    this.#lookup.push(next)
    const guess = this.#lookup.guess(Math.min(room, MAX_DRAFT))
    if (!guess) return []
    const length = this.#length.choose(guess.match, guess.ids.length)
    this.#draft = { match: guess.match, ids: length, right: 0 }
    return guess.ids.slice(0, length)
  }

  /** The next token is the next one of the draft. */
  accept(id: TokenId): void {
    this.#lookup.push(id)
    this.#draft.right++
  }

  /** The pass with the next token and `draft` tokens after it took `ms`. */
  took(draft: number, ms: number): void {
    this.#length.took(1 + draft, ms)
  }

  #learn(): void {
    const { match, ids, right } = this.#draft
    if (ids > 0) this.#length.learn(match, ids, right)
    this.#draft = { match: 0, ids: 0, right: 0 }
  }
}
