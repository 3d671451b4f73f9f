import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { type Alphabet, ByteAlphabet, CharacterAlphabet } from './alphabets.js'
import { Merger } from './merge.js'
import { MergeList } from './merge-list.js'
import type { PreTokenizer } from './pretokenizers.js'
import type { Guard } from './segments.js'
import { ESCAPED_SPACE } from './sentencepiece-spelling.js'
import type { ClassifiedText } from './splits.js'
import type { TokenId } from './tokenizer.js'
import { classify } from './unicode-classes.js'
import { isSpecial, type Vocabulary } from './vocabulary.js'

/** Size of the cache of words with their ids. */
const CACHED_WORDS = 1 << 14
/** Longer words are not cached: engines keep a long slice as a view that retains the whole text. */
const CACHED_WORD_LENGTH = 12

/**
 * BPE: text is split into words, words into bytes or characters, and adjacent symbols merge in the order of the merge
 * list. Source: Radford et al., "Language Models are Unsupervised Multitask Learners" (2019); llama.cpp's
 * `llm_tokenizer_bpe`.
 */
export class BytePair {
  readonly #vocabulary: Vocabulary
  readonly #preTokenizer: PreTokenizer
  readonly #merges: MergeList
  readonly #alphabet: Alphabet
  readonly #merger = new Merger()
  readonly #cache = new Map<string, readonly TokenId[]>()
  readonly #longest: number

  /** `warn` is called about irregular merges. Throws `MISSING` without merges and `LIMIT` for more than `LIMITS` allows. */
  constructor(
    metadata: Metadata,
    vocabulary: Vocabulary,
    preTokenizer: PreTokenizer,
    warn?: WarningListener,
  ) {
    this.#vocabulary = vocabulary
    this.#preTokenizer = preTokenizer
    this.#longest = vocabulary.texts.reduce((longest, text) => Math.max(longest, text.length), 0)
    this.#merges = new MergeList(metadata, vocabulary, { optional: preTokenizer.mergesOptional }, warn)
    const { spelling } = preTokenizer
    this.#alphabet = new (spelling === 'byte-level' ? ByteAlphabet : CharacterAlphabet)(
      vocabulary,
      this.#merges,
    )
  }

  /** Appends the ids of well-formed text. As in llama.cpp, bytes without a token are dropped. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    if (text === '') return
    const spelled =
      this.#preTokenizer.spelling === 'sentencepiece' ? text.replaceAll(' ', ESCAPED_SPACE) : text
    let start = 0
    for (const end of this.#cut({ text: spelled, classes: classify(spelled) })) {
      const before = ids.length
      this.#encodeWord(spelled.slice(start, end), ids)
      if (guard?.isBroken(ids, before, start, end)) {
        ids.length = before
        this.#mergeWord(spelled.slice(start, end), ids, guard.forbids)
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
    const whole = forbids ? undefined : this.#wholeWord(word)
    if (whole !== undefined) {
      ids.push(whole)
      return
    }
    const symbols = this.#alphabet.symbols(word)
    const { ranks, merged } = this.#merges
    this.#merger.run(
      symbols.length,
      {
        rank: (left, right) => {
          if (symbols[left] < 0 || symbols[right] < 0) return -1
          const rank = ranks.get(symbols[left], symbols[right])
          return rank >= 0 && forbids?.(merged[rank]) ? -1 : rank
        },
        merged: (left, rank) => {
          symbols[left] = merged[rank]
        },
      },
      (position) => {
        const symbol = symbols[position]
        if (symbol < 0) return
        if (symbol < this.#vocabulary.texts.length) {
          if (!forbids?.(symbol)) ids.push(symbol)
          return
        }
        for (const id of this.#alphabet.spellOut(symbol)) if (!forbids?.(id)) ids.push(id)
      },
    )
  }

  /** The token that a word becomes without merging, if there is one. */
  #wholeWord(word: string): TokenId | undefined {
    const { ignoreMerges, joinsLineBreaks } = this.#preTokenizer
    if (word.length > this.#longest || !(ignoreMerges || (joinsLineBreaks && word[0] === '\n')))
      return undefined
    const id = this.#vocabulary.idOf.get(this.#alphabet.spell(word))
    return id !== undefined && !isSpecial(this.#vocabulary, id) ? id : undefined
  }
}
