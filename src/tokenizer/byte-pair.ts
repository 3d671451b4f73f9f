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
import { isSpecial, type Vocabulary } from './vocabulary.js'

/** Words remembered with their ids, so that frequent ones merge once. */
const CACHED_WORDS = 1 << 14
/** Longer ones are not remembered: engines keep a long slice as a view that holds on to the whole text. */
const CACHED_WORD_LENGTH = 12

/**
 * Byte-level BPE: text is cut into words, words are bytes, and neighbours merge in the order of the list of merges.
 * Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019); llama.cpp's
 * `llm_tokenizer_bpe`.
 */
export class BytePair {
  readonly #vocabulary: Vocabulary
  readonly #preTokenizer: PreTokenizer
  /** From a pair of ids to its rank in the list of merges. */
  readonly #ranks: PairTable
  /** What the merge of each rank makes. */
  readonly #merged: Int32Array
  /** The symbol of each byte, -1 where the vocabulary has none. */
  readonly #byteIds: Int32Array
  /** What symbols are spelled like that merges speak of and that are not tokens; their numbers follow those of the tokens. */
  readonly #wordless: readonly string[]
  readonly #merger = new Merger()
  readonly #cache = new Map<string, readonly TokenId[]>()
  readonly #utf8 = new TextEncoder()
  readonly #longest: number

  /**
   * Merges need not be pairs of tokens that make a token, as llama.cpp has it; `warn` is told of those that are not. Throws
   * `MISSING` without merges, `LIMIT` for more than `LIMITS` allows.
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
    const wordless = new Map<string, number>()
    const symbolOf = (text: string): number => {
      const known = idOf.get(text) ?? wordless.get(text)
      if (known !== undefined) return known
      const symbol = texts.length + wordless.size
      wordless.set(text, symbol)
      return symbol
    }
    let rank = 0
    let odd = 0
    let firstOdd = ''
    for (const merge of merges) {
      const space = merge.indexOf(' ', 1)
      const before = wordless.size
      if (space > 0) {
        const first = merge.slice(0, space)
        const second = merge.slice(space + 1)
        const both = symbolOf(first + second)
        this.#ranks.add(symbolOf(first), symbolOf(second), rank)
        this.#merged[rank] = both
      }
      if (space < 0 || wordless.size > before) {
        if (odd++ === 0) firstOdd = `merge ${rank}, ${describeValue(merge)}`
      }
      rank++
    }
    this.#wordless = [...wordless.keys()]
    this.#byteIds = Int32Array.from(
      CHARACTER_OF_BYTE,
      (character) => idOf.get(character) ?? wordless.get(character) ?? -1,
    )
    if (odd > 0) {
      warn?.({
        code: 'METADATA_IGNORED',
        message:
          `tokenizer.ggml.merges: ${odd} of ${merges.length} merges are not pairs of tokens that make a token, ` +
          `such as ${firstOdd}`,
        hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
      })
    }
  }

  /** Appends the ids of well-formed text. Bytes for which there is no token are left out, as llama.cpp does. */
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

  /** Where the words end. */
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

  /** A symbol that is not a token becomes the tokens of its ASCII characters; llama.cpp drops the others. */
  #spellOut(symbol: number, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const { texts, idOf } = this.#vocabulary
    for (const character of this.#wordless[symbol - texts.length]) {
      const id = character < '\x80' ? idOf.get(character) : undefined
      if (id !== undefined && !forbids?.(id)) ids.push(id)
    }
  }
}
