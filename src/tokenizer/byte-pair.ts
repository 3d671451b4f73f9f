import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import { LIMITS } from '../gguf/limits.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { CHARACTER_OF_BYTE } from './byte-alphabet.js'
import { Merger } from './merge.js'
import { PairTable } from './pair-table.js'
import type { PreTokenizer } from './pretokenizers.js'
import type { Guard } from './segments.js'
import type { ClassifiedText } from './splits.js'
import type { TokenId } from './tokenizer.js'
import { classify } from './unicode-classes.js'
import { isSpecial, tooLong, type Vocabulary } from './vocabulary.js'

/** Size of the cache of words with their ids. */
const CACHED_WORDS = 1 << 14
/** Longer words are not cached: engines keep a long slice as a view that retains the whole text. */
const CACHED_WORD_LENGTH = 12

/**
 * Byte-level BPE: text is split into words, words into bytes, and adjacent symbols merge in the order of the merge list.
 * Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019); llama.cpp's
 * `llm_tokenizer_bpe`.
 */
export class BytePair {
  readonly #vocabulary: Vocabulary
  readonly #preTokenizer: PreTokenizer
  /** Rank of a pair of symbols in the merge list. */
  readonly #ranks: PairTable
  /** Result of the merge of each rank. */
  readonly #merged: Int32Array
  /** The symbol of each byte; -1 if the vocabulary has none. */
  readonly #byteIds: Int32Array
  /** Spellings of symbols that occur in merges but are not tokens; their numbers follow the token ids. */
  readonly #nonTokens: readonly string[]
  readonly #merger = new Merger()
  readonly #cache = new Map<string, readonly TokenId[]>()
  readonly #utf8 = new TextEncoder()
  readonly #longest: number

  /**
   * As in llama.cpp, the parts and the result of a merge need not be tokens; `warn` is called if some are not. Throws
   * `MISSING` without merges and `LIMIT` for more than `LIMITS` allows.
   */
  constructor(
    metadata: Metadata,
    vocabulary: Vocabulary,
    preTokenizer: PreTokenizer,
    warn?: WarningListener,
  ) {
    const { idOf, texts } = vocabulary
    this.#vocabulary = vocabulary
    this.#preTokenizer = preTokenizer
    this.#longest = texts.reduce((longest, text) => Math.max(longest, text.length), 0)

    const merges = metadata.strings('tokenizer.ggml.merges')
    if (merges.length > LIMITS.merges) {
      throw new DasllamaError(
        'LIMIT',
        `tokenizer.ggml.merges has ${merges.length} merges; the limit is ${LIMITS.merges}`,
      )
    }
    this.#ranks = new PairTable(merges.length)
    this.#merged = new Int32Array(merges.length)
    const nonTokens = new Map<string, number>()
    const symbolOf = (text: string): number => {
      const known = idOf.get(text) ?? nonTokens.get(text)
      if (known !== undefined) return known
      const symbol = texts.length + nonTokens.size
      nonTokens.set(text, symbol)
      return symbol
    }
    let rank = 0
    let irregular = 0
    let firstIrregular = ''
    let characters = 0
    for (const merge of merges) {
      characters += merge.length
      if (characters > LIMITS.vocabularyCharacters) throw tooLong('merges')
      const space = merge.indexOf(' ', 1)
      const before = nonTokens.size
      if (space > 0) {
        const first = merge.slice(0, space)
        const second = merge.slice(space + 1)
        const both = symbolOf(first + second)
        this.#ranks.add(symbolOf(first), symbolOf(second), rank)
        this.#merged[rank] = both
      }
      if (space < 0 || nonTokens.size > before) {
        if (irregular++ === 0) firstIrregular = `merge ${rank}, ${describeValue(merge)}`
      }
      rank++
    }
    this.#nonTokens = [...nonTokens.keys()]
    this.#byteIds = Int32Array.from(
      CHARACTER_OF_BYTE,
      (character) => idOf.get(character) ?? nonTokens.get(character) ?? -1,
    )
    if (irregular > 0) {
      warn?.({
        code: 'METADATA_IGNORED',
        message:
          `tokenizer.ggml.merges: ${irregular} of ${merges.length} merges do not combine two tokens into a token, ` +
          `such as ${firstIrregular}`,
        hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
      })
    }
  }

  /** Appends the ids of well-formed text. As in llama.cpp, bytes without a token are dropped. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    if (text === '') return
    let start = 0
    for (const end of this.#cut({ text, classes: classify(text) })) {
      const before = ids.length
      this.#encodeWord(text.slice(start, end), ids)
      if (guard?.isBroken(ids, before, start, end)) {
        ids.length = before
        this.#mergeWord(text.slice(start, end), ids, guard.forbids)
      }
      start = end
    }
  }

  /** End positions of the words. */
  #cut(input: ClassifiedText): number[] {
    let ends = [input.text.length]
    for (const split of this.#preTokenizer.splits) {
      const finer: number[] = []
      let start = 0
      for (const end of ends) {
        split(input, start, end, finer)
        start = end
      }
      ends = finer
    }
    return ends
  }

  #encodeWord(word: string, ids: TokenId[]): void {
    const known = this.#cache.get(word)
    if (known) {
      for (const id of known) ids.push(id)
      return
    }
    if (word.length > CACHED_WORD_LENGTH) {
      this.#mergeWord(word, ids)
      return
    }
    const found: TokenId[] = []
    this.#mergeWord(word, found)
    if (this.#cache.size === CACHED_WORDS) this.#cache.clear()
    this.#cache.set(word, found)
    for (const id of found) ids.push(id)
  }

  #mergeWord(word: string, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const bytes = this.#utf8.encode(word)
    if (!forbids && this.#preTokenizer.ignoreMerges && bytes.length <= this.#longest) {
      let spelling = ''
      for (const byte of bytes) spelling += CHARACTER_OF_BYTE[byte]
      const whole = this.#vocabulary.idOf.get(spelling)
      if (whole !== undefined && !isSpecial(this.#vocabulary, whole)) {
        ids.push(whole)
        return
      }
    }
    const symbols = Int32Array.from(bytes, (byte) => this.#byteIds[byte])
    const ranks = this.#ranks
    this.#merger.run(
      symbols.length,
      {
        rank: (left, right) => {
          if (symbols[left] < 0 || symbols[right] < 0) return -1
          const rank = ranks.get(symbols[left], symbols[right])
          return rank >= 0 && forbids?.(this.#merged[rank]) ? -1 : rank
        },
        merged: (left, rank) => {
          symbols[left] = this.#merged[rank]
        },
      },
      (position) => {
        const id = symbols[position]
        if (id >= this.#vocabulary.texts.length) this.#spellOut(id, ids, forbids)
        else if (id >= 0 && !forbids?.(id)) ids.push(id)
      },
    )
  }

  /** A symbol that is not a token becomes the tokens of its ASCII characters; others are dropped, as in llama.cpp. */
  #spellOut(symbol: number, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const { texts, idOf } = this.#vocabulary
    for (const character of this.#nonTokens[symbol - texts.length]) {
      const id = character < '\x80' ? idOf.get(character) : undefined
      if (id !== undefined && !forbids?.(id)) ids.push(id)
    }
  }
}
