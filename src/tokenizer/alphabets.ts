import { CHARACTER_OF_BYTE } from './byte-alphabet.js'
import type { MergeList } from './merge-list.js'
import { byteToken } from './sentencepiece-spelling.js'
import type { TokenId } from './tokenizer.js'
import type { Vocabulary } from './vocabulary.js'

/** The symbols from which BPE merges a word. */
export interface Alphabet {
  /** The word in the vocabulary's spelling. */
  spell(word: string): string
  /** The symbols of a word; negative ones stand for nothing and never merge. */
  symbols(word: string): Int32Array
  /** The tokens of a symbol that is not a token; parts without a token are dropped, as in llama.cpp. */
  spellOut(symbol: number): readonly TokenId[]
}

/** GPT-2's byte alphabet: the symbols are bytes. */
export class ByteAlphabet implements Alphabet {
  readonly #vocabulary: Vocabulary
  readonly #merges: MergeList
  /** The symbol of each byte; -1 if the vocabulary has none. */
  readonly #byteIds: Int32Array
  readonly #utf8 = new TextEncoder()

  constructor(vocabulary: Vocabulary, merges: MergeList) {
    this.#vocabulary = vocabulary
    this.#merges = merges
    this.#byteIds = Int32Array.from(CHARACTER_OF_BYTE, (character) => merges.symbolOf(character))
  }

  spell(word: string): string {
    let spelling = ''
    for (const byte of this.#utf8.encode(word)) spelling += CHARACTER_OF_BYTE[byte]
    return spelling
  }

  symbols(word: string): Int32Array {
    return Int32Array.from(this.#utf8.encode(word), (byte) => this.#byteIds[byte])
  }

  /** The tokens of the spelling's ASCII characters. */
  spellOut(symbol: number): readonly TokenId[] {
    const ids: TokenId[] = []
    for (const character of this.#merges.spelling(symbol)) {
      const id = character < '\x80' ? this.#vocabulary.idOf.get(character) : undefined
      if (id !== undefined) ids.push(id)
    }
    return ids
  }
}

/** Plain text: the symbols are characters, and those without a token become the tokens of their bytes (`<0xE2>`). */
export class CharacterAlphabet implements Alphabet {
  readonly #merges: MergeList
  /** The token of each byte; -1 if the vocabulary has none. */
  readonly #byteIds: Int32Array
  readonly #utf8 = new TextEncoder()

  constructor(vocabulary: Vocabulary, merges: MergeList) {
    this.#merges = merges
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => vocabulary.idOf.get(byteToken(byte)) ?? -1)
  }

  spell(word: string): string {
    return word
  }

  /** A character without a symbol gets a number of its own after all symbols. */
  symbols(word: string): Int32Array {
    const free = this.#merges.symbols
    const symbols = new Int32Array(word.length)
    let count = 0
    for (const character of word) {
      const known = this.#merges.symbolOf(character)
      symbols[count++] = known < 0 ? free + character.codePointAt(0)! : known
    }
    return symbols.subarray(0, count)
  }

  spellOut(symbol: number): readonly TokenId[] {
    const free = this.#merges.symbols
    const text = symbol < free ? this.#merges.spelling(symbol) : String.fromCodePoint(symbol - free)
    return Array.from(this.#utf8.encode(text), (byte) => this.#byteIds[byte]).filter((id) => id >= 0)
  }
}
