import { exp } from '../../math/elementary.js'
import { argmax, argmaxOf, seek } from '../../sampling/passes.js'
import type { TokenId } from '../../tokenizer/tokenizer.js'
import type { DraftModel, DraftSession } from './draft-model.js'

/** A token that a draft model expects. */
export interface DraftedToken {
  readonly id: TokenId
  /** The probability that the draft model gives it, from 0 to 1. */
  readonly confidence: number
}

/** What `follow` does to get to a text. */
export interface WayToText {
  /** Where in the text it begins. */
  readonly start: number
  /** How many of the evaluated tokens stay. */
  readonly kept: number
  /** How many are evaluated. */
  readonly missing: number
  /** How many fit after them. */
  readonly room: number
}

/** Stands for tokens that the draft model's vocabulary lacks: what it then expects may be wrong, as usual. */
const UNKNOWN: TokenId = 0

/** Logits that are so much smaller than the largest add nothing to the sum of probabilities. */
const NEGLIGIBLE = 16

/**
 * The text of a session in the memory of a draft model. It is compared with the session's each time, so it follows whatever
 * has happened to that: wrong guesses, other prompts, edits, context shifts, restored states.
 */
export class DraftText {
  readonly model: DraftModel
  readonly #session: DraftSession
  /** What the draft model's session has evaluated. */
  #ids: TokenId[]
  /** Where in the text it begins: the context of the draft model may be shorter than the text. */
  #start: number

  private constructor(model: DraftModel, session: DraftSession, ids: TokenId[] = [], start = 0) {
    this.model = model
    this.#session = session
    this.#ids = ids
    this.#start = start
  }

  /** Throws what `createSession` throws. */
  static create(model: DraftModel): DraftText {
    return new DraftText(model, model.createSession())
  }

  /** How it gets to this text. */
  wayTo(text: readonly TokenId[]): WayToText {
    const common = this.#common(text)
    const start = this.#startIn(text, common)
    const kept = start === this.#start ? common : 0
    const rest = text.length - start
    return { start, kept, missing: rest - kept, room: this.model.contextLength - rest }
  }

  /** Evaluates what it lacks of the text; afterwards `guess` returns what follows. */
  async follow(
    text: readonly TokenId[],
    signal: AbortSignal,
    { start, kept }: WayToText = this.wayTo(text),
  ): Promise<void> {
    await this.#cut(kept)
    this.#start = start
    await this.append(text.slice(start + kept), signal)
  }

  async append(ids: readonly TokenId[], signal: AbortSignal): Promise<void> {
    const { vocabSize } = this.model.tokenizer
    const known = ids.map((id) => idIn(vocabSize, id))
    try {
      await this.#session.eval(known, { signal })
      this.#ids.push(...known)
    } catch (error) {
      // A part of it may have been evaluated.
      this.#ids = this.#session.ids
      throw error
    }
  }

  /** The most likely next token of the first `vocabSize`, and of those `allowed`; `undefined` if there is none. */
  guess(vocabSize: number, allowed: Uint32Array | undefined): DraftedToken | undefined {
    const logits = this.#session.logits()
    const size = Math.min(vocabSize, logits.length)
    const id = allowed ? argmaxOf(logits.subarray(0, size), allowed) : argmax(logits, size)
    if (id < 0) return undefined
    const largest = logits[id]
    let sum = 0
    const floor = largest - NEGLIGIBLE
    const { length } = logits
    for (let i = seek(logits, 0, length, floor); i < length; i = seek(logits, i + 1, length, floor)) {
      if (allowed && ((allowed[i >>> 5] >>> (i & 31)) & 1) === 0) continue
      sum += exp(logits[i] - largest)
    }
    return { id, confidence: 1 / sum }
  }

  /** The same for a fork of the session. */
  async fork(): Promise<DraftText> {
    return new DraftText(this.model, await this.#session.fork(), [...this.#ids], this.#start)
  }

  dispose(): Promise<void> {
    return this.#session.dispose()
  }

  /** Where in the text it should begin: where it does, as long as the rest fits. */
  #startIn(text: readonly TokenId[], common: number): number {
    const { contextLength } = this.model
    const rest = text.length - this.#start
    const isSame = this.#start === 0 || (rest > 0 && common > 0)
    if (isSame && rest < contextLength) return this.#start
    // Of a text that is too long, half of the context, so that this is not the case again soon.
    return text.length < contextLength ? 0 : text.length - Math.max(1, contextLength >> 1)
  }

  /** How many of its tokens are those of the text. The text's last one is not counted: its logits may be gone. */
  #common(text: readonly TokenId[]): number {
    const { vocabSize } = this.model.tokenizer
    const most = Math.min(this.#ids.length, text.length - this.#start - 1)
    let same = 0
    while (same < most && this.#ids[same] === idIn(vocabSize, text[this.#start + same])) same++
    return Math.max(0, same)
  }

  async #cut(length: number): Promise<void> {
    if (length >= this.#ids.length) return
    await this.#session.rewind(this.#ids.length - length)
    this.#ids.length = length
  }
}

function idIn(vocabSize: number, id: TokenId): TokenId {
  return id < vocabSize ? id : UNKNOWN
}
