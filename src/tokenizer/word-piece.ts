import type { Metadata } from '../gguf/metadata.js'
import { type BertNormalizer, bertWords } from './bert-words.js'
import { PrefixAutomaton } from './prefix-automaton.js'
import { encodeGuarded, type Guard } from './segments.js'
import type { TokenId } from './tokenizer.js'
import { isSpecial, type Vocabulary } from './vocabulary.js'

/**
 * WordPiece: text is normalised and split into words, and each word into the longest tokens from its beginning on; a
 * word that is not made of tokens becomes the unknown token. Tokens that begin a word have U+2581 before them.
 * Source: Devlin et al., "BERT" (2018); llama.cpp's `llm_tokenizer_wpm`, which limits the length of words not at all.
 */
export class WordPiece {
  readonly #normalizer: BertNormalizer
  readonly #unknownId: TokenId
  /** The ids of the automaton's words. */
  readonly #ids: Int32Array
  readonly #automaton: PrefixAutomaton

  constructor(metadata: Metadata, vocabulary: Vocabulary, unknownId: TokenId) {
    const lowercase = metadata.boolean('tokenizer.ggml.normalizer.lowercase', true)
    const stripAccents = metadata.boolean('tokenizer.ggml.normalizer.strip_accents', lowercase)
    this.#normalizer = { lowercase, stripAccents }
    this.#unknownId = unknownId
    const { texts } = vocabulary
    this.#ids = Int32Array.from(texts.keys()).filter((id) => !isSpecial(vocabulary, id))
    const words = Array.from(this.#ids, (id) => texts[id])
    this.#automaton = new PrefixAutomaton(
      words,
      Uint32Array.from(words, (word) => word.length),
    )
  }

  /** Appends the ids of well-formed text. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    encodeGuarded(ids, text.length, guard, (forbids) => this.#encode(text, ids, forbids))
  }

  #encode(text: string, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const words = bertWords(text, this.#normalizer)
    const longest = this.#automaton.longest(words.text)
    let position = 0
    for (const end of words.ends) {
      const before = ids.length
      while (position < end) {
        let word = this.#automaton.atMost(longest[position], end - position)
        while (word >= 0 && forbids?.(this.#ids[word])) word = this.#automaton.shorter(word)
        if (word < 0) break
        ids.push(this.#ids[word])
        position += this.#automaton.length(word)
      }
      if (position < end) {
        ids.length = before
        ids.push(this.#unknownId)
        position = end
      }
    }
  }
}
