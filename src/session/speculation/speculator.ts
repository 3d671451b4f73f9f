import type { TokenId } from '../../tokenizer/tokenizer.js'
import type { TokenConstraint } from '../token-constraint.js'

/** What a draft is for. */
export interface DraftRequest {
  /** The most tokens that are wanted. */
  readonly most: number
  readonly signal: AbortSignal
  /** The state of the response format after the next token, which must not be changed; `undefined`: any text is allowed. */
  readonly constraint: TokenConstraint | undefined
}

/**
 * Drafts for one generation: tokens that are evaluated together with the next one, in the hope that they are sampled. What is
 * sampled does not depend on drafts, only how many passes it takes.
 */
export interface Speculator {
  /**
   * Tokens to evaluate after the next one; none if no guess is worth its time. Called once for each pass. Rejects with the signal's
   * reason.
   */
  draft(next: TokenId, request: DraftRequest): readonly TokenId[] | Promise<readonly TokenId[]>
  /** The next token is the next one of the draft. */
  accept(id: TokenId): void
  /** The pass with the next token and `draft` tokens after it took `ms`. */
  took(draft: number, ms: number): void
}
