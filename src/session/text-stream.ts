import type { StreamDecoder, TokenId, Tokenizer } from '../tokenizer/tokenizer.js'
import type { StopMatcher } from './stop-matcher.js'

/** A token and its piece of the text. */
export interface TextPiece {
  readonly id: TokenId
  piece: string
}

/**
 * From ids to text, one piece per token. A token is held back while its text may be part of a stop string or ends within a
 * character, so all pieces together are exactly the text.
 */
export class TextStream {
  /** The stop string that was found; nothing comes after it. */
  stoppedBy: string | undefined
  readonly #tokenizer: Tokenizer
  readonly #decoder: StreamDecoder
  readonly #stops: StopMatcher
  #held: TextPiece[] = []
  /** The last bytes pushed, at most three. */
  #tail: readonly number[] = []

  constructor(tokenizer: Tokenizer, stops: StopMatcher) {
    this.#tokenizer = tokenizer
    this.#decoder = tokenizer.createDecoder()
    this.#stops = stops
  }

  /** Takes a token and returns those that need not be held back any more, in order. */
  push(id: TokenId): TextPiece[] {
    this.#held.push({ id, piece: this.#decoder.push(id) })
    this.#tail = [...this.#tail, ...this.#tokenizer.pieceBytes(id).slice(-3)].slice(-3)
    const text = this.#held.map(({ piece }) => piece).join('')
    const found = this.#stops.find(text)
    if (found) {
      this.stoppedBy = found.stop
      this.#cut(found.start)
      return this.#settle(this.#held.length)
    }
    const decided = text.length - this.#stops.undecided(text)
    const last = this.#held.length - (endsWithinCharacter(this.#tail) ? 1 : 0)
    let count = 0
    for (let length = 0; count < last; count++) {
      length += this.#held[count].piece.length
      if (length > decided) break
    }
    return this.#settle(count)
  }

  /** Ends the text and returns the tokens that were held back. An incomplete character becomes U+FFFD. */
  end(): TextPiece[] {
    const rest = this.#decoder.end()
    const last = this.#held.at(-1)
    if (last) last.piece += rest
    return this.#settle(this.#held.length)
  }

  #settle(count: number): TextPiece[] {
    return this.#held.splice(0, count)
  }

  /** Cuts the held pieces to `length` characters in total. */
  #cut(length: number): void {
    for (const held of this.#held) {
      held.piece = held.piece.slice(0, length)
      length -= held.piece.length
    }
  }
}

/** Whether UTF-8 that ends with these bytes is incomplete: its last lead byte announces more bytes than follow. */
function endsWithinCharacter(tail: readonly number[]): boolean {
  for (let following = 0; following < tail.length; following++) {
    const byte = tail[tail.length - 1 - following]
    if (byte < 0x80) return false
    if (byte < 0xc0) continue
    const announced = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1
    return following < announced
  }
  return false
}
