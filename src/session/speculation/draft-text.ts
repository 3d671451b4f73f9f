import type { TokenId } from '../../tokenizer/tokenizer.js'
import type { DraftModel, DraftSession } from './draft-model.js'
import type { DraftedToken, DraftSource, WayToText } from './draft-source.js'
import { mostLikely } from './most-likely.js'

/** How it gets to a text. */
interface Way extends WayToText {
  /** Where in the text it begins. */
  readonly start: number
  /** How many of the evaluated tokens stay. */
  readonly kept: number
}

/** Stands for tokens that the draft model's vocabulary lacks: what it then expects may be wrong, as usual. */
const UNKNOWN: TokenId = 0

/** The text of a session in the memory of a draft model. */
export class DraftText implements DraftSource {
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

  wayTo(text: readonly TokenId[]): Way {
    const common = this.#common(text)
    const start = this.#startIn(text, common)
    const kept = start === this.#start ? common : 0
    const rest = text.length - start
    return { start, kept, missing: rest - kept, room: this.model.contextLength - rest }
  }

  async follow(text: readonly TokenId[], signal: AbortSignal): Promise<void> {
    const { start, kept } = this.wayTo(text)
    await this.#cut(kept)
    this.#start = start
    await this.#eval(text.slice(start + kept), signal)
  }

  append(id: TokenId, signal: AbortSignal): Promise<void> {
    return this.#eval([id], signal)
  }

  guess(vocabSize: number, allowed: Uint32Array | undefined): DraftedToken | undefined {
    return mostLikely(this.#session.logits(), vocabSize, allowed)
  }

  async fork(): Promise<DraftText> {
    return new DraftText(this.model, await this.#session.fork(), [...this.#ids], this.#start)
  }

  dispose(): Promise<void> {
    return this.#session.dispose()
  }

  async #eval(ids: readonly TokenId[], signal: AbortSignal): Promise<void> {
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
