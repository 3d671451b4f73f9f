import type { TokenId } from '../tokenizer/tokenizer.js'

/** Restricts the tokens of a generation, token by token. A grammar's `Matcher` is one. */
export interface TokenConstraint {
  /** The allowed next tokens, one bit each (bit `id & 31` of word `id >>> 5`), read-only; `undefined` if all are. */
  mask(): Uint32Array | undefined
  /** Advances by a token, other than an end token. */
  accept(id: TokenId): void
  /** Whether the text may end here. */
  readonly isComplete: boolean
  /** Whether nothing can follow. */
  readonly isExhausted: boolean
  /** A copy that advances on its own. Absent where that is not possible: then tokens are guessed without the constraint. */
  clone?(): TokenConstraint
}

/** What makes the constraint of a generation. */
export interface ConstraintSource {
  /** Whether not every text is complete, as with a response format. */
  readonly isForced: boolean
  /** Called once, before anything is evaluated, so that what it rejects with leaves the session unchanged. */
  create(): Promise<TokenConstraint>
}
