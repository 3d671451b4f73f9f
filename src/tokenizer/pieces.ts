import { DasllamaError } from '../errors.js'
import { bytesOfSpelling } from './byte-alphabet.js'
import { ESCAPED_SPACE } from './sentencepiece-spelling.js'
import { BYTE, NORMAL, USER_DEFINED } from './token-attributes.js'
import type { DecodeOptions, StreamDecoder, TokenId } from './tokenizer.js'
import { isSpecial, type Vocabulary } from './vocabulary.js'

const NOTHING = new Uint8Array(0)

/**
 * How tokens spell text: with U+2581 for spaces, in GPT-2's byte alphabet, or directly. WordPiece's are SentencePiece's,
 * but the spaces before words are not the text's, so that decoding removes those before punctuation.
 */
export type Spelling = 'sentencepiece' | 'byte-level' | 'raw' | 'wordpiece'

/** Decodes ids to bytes and text. */
export class Pieces {
  readonly #vocabulary: Vocabulary
  readonly #spelling: Spelling
  readonly #dropsFirstSpace: boolean
  readonly #utf8 = new TextEncoder()

  /** `dropsFirstSpace`: encoding adds a space before the text, so decoding removes it. */
  constructor(
    vocabulary: Vocabulary,
    spelling: Spelling,
    { dropsFirstSpace }: { readonly dropsFirstSpace: boolean },
  ) {
    this.#vocabulary = vocabulary
    this.#spelling = spelling
    this.#dropsFirstSpace = dropsFirstSpace
  }

  bytes(id: TokenId, { skipSpecial = false }: DecodeOptions = {}): Uint8Array {
    this.#check(id)
    const text = this.#vocabulary.texts[id]
    if (isSpecial(this.#vocabulary, id)) return skipSpecial ? NOTHING : this.#utf8.encode(text)
    const attributes = this.#vocabulary.attributes[id]
    if (attributes & USER_DEFINED) return this.#utf8.encode(text)
    if (attributes & NORMAL) {
      if (this.#spelling === 'byte-level') return bytesOfSpelling(text)
      return this.#utf8.encode(this.#spelling === 'raw' ? text : text.replaceAll(ESCAPED_SPACE, ' '))
    }
    if (attributes & BYTE) return this.#byte(text)
    return NOTHING
  }

  decode(ids: ArrayLike<TokenId>, options: DecodeOptions): string {
    const stream = this.stream(options)
    let text = ''
    let dropSpace = this.#dropsFirstSpace
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]
      const piece = stream.push(id)
      const special = isSpecial(this.#vocabulary, id)
      text += dropSpace && !special && piece.startsWith(' ') ? piece.slice(1) : piece
      dropSpace &&= special
    }
    text += stream.end()
    return this.#spelling === 'wordpiece' ? withoutAddedSpaces(text) : text
  }

  stream(options: DecodeOptions): StreamDecoder {
    // A byte order mark is kept like any other character.
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
    return {
      push: (id) => utf8.decode(this.bytes(id, options), { stream: true }),
      end: () => utf8.decode(),
    }
  }

  #byte(text: string): Uint8Array {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(text)
    return byte ? Uint8Array.of(Number.parseInt(byte[1], 16)) : this.#utf8.encode(text)
  }

  #check(id: TokenId): void {
    const size = this.#vocabulary.texts.length
    if (Number.isInteger(id) && id >= 0 && id < size) return
    throw new DasllamaError(
      'INVALID_ARGUMENT',
      `token id ${String(id)} is outside the vocabulary of ${size} tokens`,
    )
  }
}

/** Removes a space before punctuation and contractions and those around an apostrophe, as llama.cpp does: in three passes. */
function withoutAddedSpaces(text: string): string {
  return text
    .replace(/ (?=[?!.,])/g, '')
    .replace(/ ' /g, "'")
    .replace(/ (?='(?:[sm]|re|ve))/g, '')
}
