import type { TokenId } from '../../tokenizer/tokenizer.js'
import { MAX_DRAFT } from '../packing.js'
import { Chances } from './chances.js'
import { planDraft } from './draft-length.js'
import { Lookup, MATCH_PRIORS } from './lookup.js'
import type { PassCost } from './pass-cost.js'
import type { DraftRequest, Speculator } from './speculator.js'

/** How much of what has been learnt stays, each time that a chance for a draft is not taken. */
const MEMORY = 0.99

/** Drafts from what the text has had before. */
export class LookupSpeculator implements Speculator {
  readonly #lookup = new Lookup()
  readonly #chances = new Chances(MATCH_PRIORS)
  readonly #cost: PassCost
  /** The latest draft, until the next one. */
  #draft = { kind: 0, ids: 0, right: 0 }

  /** `ids`: the text so far. */
  constructor(ids: readonly TokenId[], cost: PassCost) {
    this.#cost = cost
    for (const id of ids) this.#lookup.push(id)
  }

  draft(next: TokenId, { most }: Pick<DraftRequest, 'most'>): readonly TokenId[] {
    this.#learn()
    this.#lookup.push(next)
    const guess = this.#lookup.guess(Math.min(most, MAX_DRAFT))
    if (!guess) return []
    const { kind, ids } = guess
    const { length } = planDraft(this.#cost, this.#chances.of(kind), ids.length)
    // So that it is tried again one day.
    if (length === 0) this.#chances.keep(kind, MEMORY)
    this.#draft = { kind, ids: length, right: 0 }
    return ids.slice(0, length)
  }

  accept(id: TokenId): void {
    this.#lookup.push(id)
    this.#draft.right++
  }

  took(draft: number, ms: number): void {
    this.#cost.took(1 + draft, ms)
  }

  #learn(): void {
    const { kind, ids, right } = this.#draft
    // Tokens after the first wrong one say nothing.
    if (ids > 0) this.#chances.learn(kind, Math.min(ids, right + 1), right)
    this.#draft = { kind: 0, ids: 0, right: 0 }
  }
}
