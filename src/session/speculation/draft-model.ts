import type { TokenId, Tokenizer } from '../../tokenizer/tokenizer.js'
import type { SessionOptions } from '../session-options.js'

/** What a draft model is asked for: a `Model` has all of it. */
export interface DraftModel {
  /** Its vocabulary must be that of the model that it drafts for. */
  readonly tokenizer: Tokenizer
  /** The most tokens that it sees of a text; of a longer one, it sees the end. */
  readonly contextLength: number
  /** `decoder`: encoders write nothing. */
  readonly kind: 'decoder' | 'encoder'
  /** A session for the drafts of one session. */
  createSession(options?: SessionOptions): DraftSession
}

/** What is used of the session of a draft model. */
export interface DraftSession {
  /** The evaluated tokens. */
  readonly ids: TokenId[]
  /** Appends tokens. */
  eval(ids: ArrayLike<TokenId>, options?: { signal?: AbortSignal }): Promise<void>
  /** Drops the last tokens. */
  rewind(count: number): Promise<void>
  /** The logits after the last token, as a copy. */
  logits(): Float32Array
  /** A second session that continues from here. */
  fork(): Promise<DraftSession>
  /** Releases its memory. */
  dispose(): Promise<void>
}
