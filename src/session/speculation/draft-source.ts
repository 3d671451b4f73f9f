import type { TokenId } from '../../tokenizer/tokenizer.js'

/** A token that is expected. */
export interface DraftedToken {
  readonly id: TokenId
  /** The probability that it is given, from 0 to 1. */
  readonly confidence: number
}

/** What `follow` would have to do. */
export interface WayToText {
  /** How many tokens it would read. */
  readonly missing: number
  /** How many fit after them. */
  readonly room: number
}

/**
 * What guesses how the text of a session goes on. It compares its own text with the session's each time, so it follows whatever
 * has happened to that: wrong guesses, other prompts, edits, context shifts, restored states.
 */
export interface DraftSource {
  /** How it would get to this text, which ends with the token that has been chosen last; `undefined` if it cannot. */
  wayTo(text: readonly TokenId[]): WayToText | undefined
  /** Reads what it lacks of the text; afterwards `guess` returns what follows. */
  follow(text: readonly TokenId[], signal: AbortSignal): Promise<void>
  /** Reads a token that it has guessed; afterwards `guess` returns what follows. */
  append(id: TokenId, signal: AbortSignal): Promise<void>
  /** The most likely next token of the first `vocabSize`, and of those `allowed`; `undefined` if there is none. */
  guess(vocabSize: number, allowed: Uint32Array | undefined): DraftedToken | undefined
  /** The same for a fork of the session. */
  fork(): Promise<DraftSource>
  /** Releases its memory. */
  dispose(): Promise<void>
}
