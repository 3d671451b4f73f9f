import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { malformed } from './malformed.js'
import { Merger } from './merge.js'
import { PairCache } from './pair-cache.js'
import { encodeGuarded, type Guard } from './segments.js'
import { byteToken, ESCAPED_SPACE } from './sentencepiece-spelling.js'
import { SpecialIds } from './special-ids.js'
import type { TokenId } from './tokenizer.js'
import { isSpecial, readPerToken, type Vocabulary } from './vocabulary.js'

/**
 * SentencePiece BPE: adjacent symbols merge if together they are a token, highest score first; a character that is not
 * a token falls back to its bytes. Source: Kudo and Richardson, "SentencePiece" (2018); llama.cpp's `llm_tokenizer_spm`.
 */
export class SentencePiece {
  readonly #vocabulary: Vocabulary
  /** Rank of each token's score, 0 for the highest; -1 for tokens that text never becomes. */
  readonly #ranks: Int32Array
  readonly #longest: number
  readonly #byteIds: Int32Array
  readonly #merger = new Merger()
  /** The token formed by two symbols, or -1. */
  readonly #pairs = new PairCache()
  readonly #utf8 = new TextEncoder()

  constructor(metadata: Metadata, vocabulary: Vocabulary, warn?: WarningListener) {
    const { texts, idOf } = vocabulary
    this.#vocabulary = vocabulary
    const scores = readPerToken(metadata, 'scores', texts.length, warn)
    this.#ranks = scores ? rankScores(scores, texts.length) : new Int32Array(texts.length)
    this.#longest = texts.reduce((longest, text) => Math.max(longest, text.length), 0)
    for (let id = 0; id < texts.length; id++) if (isSpecial(vocabulary, id)) this.#ranks[id] = -1
    const unknownId = new SpecialIds(metadata, texts.length, warn).read('unknown_token_id', 0) ?? 0
    this.#byteIds = Int32Array.from({ length: 256 }, (_, byte) => idOf.get(byteToken(byte)) ?? unknownId)
  }

  /** Appends the ids of well-formed text. Bytes without a token become the unknown token. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    if (text === '') return
    encodeGuarded(ids, text.length, guard, (forbids) => this.#encode(text, ids, forbids))
  }

  #encode(text: string, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const escaped = text.replaceAll(' ', ESCAPED_SPACE)
    const { starts, count } = characterStarts(escaped)
    const ranks = this.#ranks
    const longest = this.#longest
    /** The symbol at each position: a token id, or a distinct number for a character that is not a token. */
    const symbols = new Int32Array(count)
    for (let at = 0; at < count; at++) symbols[at] = this.#symbolAt(escaped, starts[at], starts[at + 1])
    /** The token formed by the symbols at each position and the next, or -1. */
    const merged = new Int32Array(count)
    this.#merger.run(
      count,
      {
        rank: (left, right, end) => {
          if (starts[end] - starts[left] > longest) return -1
          // Cached, because a chain of tokens that each extend the previous one would make this quadratic.
          let id = this.#pairs.get(symbols[left], symbols[right])
          if (id === undefined) {
            id = this.#vocabulary.idOf.get(escaped.slice(starts[left], starts[end])) ?? -1
            this.#pairs.set(symbols[left], symbols[right], id)
          }
          merged[left] = id
          return id < 0 || forbids?.(id) ? -1 : ranks[id]
        },
        merged: (left) => {
          symbols[left] = merged[left]
        },
      },
      (position, end) => {
        const id = symbols[position]
        if (id < ranks.length && ranks[id] >= 0 && !forbids?.(id)) ids.push(id)
        else this.#spellOut(escaped.slice(starts[position], starts[end]), ids)
      },
    )
  }

  #symbolAt(text: string, start: number, end: number): number {
    return this.#vocabulary.idOf.get(text.slice(start, end)) ?? this.#ranks.length + text.codePointAt(start)!
  }

  #spellOut(symbol: string, ids: TokenId[]): void {
    for (const byte of this.#utf8.encode(symbol)) ids.push(this.#byteIds[byte])
  }
}

/** The start of each character, followed by the text's length. */
function characterStarts(text: string): { starts: Int32Array; count: number } {
  const starts = new Int32Array(text.length + 1)
  let count = 0
  for (let i = 0; i < text.length; i += text.codePointAt(i)! > 0xffff ? 2 : 1) starts[count++] = i
  starts[count] = text.length
  return { starts, count }
}

function rankScores(scores: ArrayLike<number>, vocabSize: number): Int32Array {
  const distinct = new Set<number>()
  for (let id = 0; id < vocabSize; id++) {
    if (Number.isNaN(scores[id])) throw malformed(`tokenizer.ggml.scores: the score of token ${id} is NaN`)
    distinct.add(scores[id])
  }
  const rankOf = new Map<number, number>()
  for (const score of Float64Array.from(distinct).sort().reverse()) rankOf.set(score, rankOf.size)
  return Int32Array.from({ length: vocabSize }, (_, id) => rankOf.get(scores[id])!)
}
