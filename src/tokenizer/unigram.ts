import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { ByteTrie } from './byte-trie.js'
import { Charsmap } from './charsmap.js'
import { malformed } from './malformed.js'
import { encodeGuarded, type Guard } from './segments.js'
import { attributeOfType, NORMAL, USER_DEFINED } from './token-attributes.js'
import type { TokenId } from './tokenizer.js'
import { UnigramNormalizer, utf8Width } from './unigram-normalizer.js'
import { isSpecial, readPerToken, type Vocabulary } from './vocabulary.js'

/** Value of `tokenizer.ggml.token_type`. */
const UNUSED_TYPE = 5
/** How much less likely than the least likely token an unknown character is. */
const UNKNOWN_PENALTY = 10
/** The largest finite f32 number: the least score before any is known. */
const LARGEST_F32 = (2 - 2 ** -23) * 2 ** 127
/** Longest token in bytes: at each position of a text, the tree of tokens is followed as far. */
const MAX_TOKEN = 512

/**
 * Unigram: of all ways to make a text of tokens, the one with the greatest sum of scores, which are log probabilities.
 * Characters without a token become the unknown token, one for a run of them. Source: Kudo, "Subword regularization"
 * (2018); llama.cpp's `llm_tokenizer_ugm`. It works on bytes, as llama.cpp does.
 */
export class Unigram {
  readonly #unknownId: TokenId
  readonly #unknownScore: number
  /** By token. */
  readonly #scores: Float64Array
  readonly #tokens = new ByteTrie()
  readonly #normalizer: UnigramNormalizer

  /**
   * Throws `MISSING` without scores, `BAD_FORMAT` for one that is NaN and for a bad charsmap, `LIMIT` for one with absurdly
   * long rules and for an absurdly long token.
   */
  constructor(
    metadata: Metadata,
    vocabulary: Vocabulary,
    { unknownId, addSpacePrefix }: { readonly unknownId: TokenId; readonly addSpacePrefix: boolean },
    warn?: WarningListener,
  ) {
    const { texts, attributes } = vocabulary
    const size = texts.length
    const scores = readScores(metadata, size, warn)
    const types = readPerToken(metadata, 'token_type', size)
    const typeOf = (id: TokenId) => (types ? attributeOfType(types[id]) : NORMAL)
    let least = LARGEST_F32
    for (let id = 0; id < size; id++) if (typeOf(id) === NORMAL) least = Math.min(least, scores[id])
    this.#unknownId = unknownId
    this.#unknownScore = Math.fround(least - UNKNOWN_PENALTY)
    // User-defined tokens are more likely than all others.
    for (let id = 0; id < size; id++) if (attributes[id] & USER_DEFINED) scores[id] = 0
    this.#scores = scores

    const verbatim: Uint8Array[] = []
    const utf8 = new TextEncoder()
    for (let id = 0; id < size; id++) {
      const isUserDefined = typeOf(id) === USER_DEFINED
      const isMatched = isUserDefined || typeOf(id) === NORMAL || types?.[id] === UNUSED_TYPE
      if (!isMatched) continue
      const bytes = utf8.encode(texts[id])
      if (bytes.length > MAX_TOKEN) throw tooLong(id, bytes.length)
      if (isUserDefined) verbatim.push(bytes)
      if (!isSpecial(vocabulary, id)) this.#tokens.add(bytes, id)
    }
    this.#normalizer = new UnigramNormalizer({
      charsmap: readCharsmap(metadata),
      verbatim,
      addSpacePrefix,
      mergeSpaces: metadata.boolean('tokenizer.ggml.remove_extra_whitespaces', false),
    })
  }

  /** Appends the ids of well-formed text. */
  encode(text: string, ids: TokenId[], guard?: Guard): void {
    const bytes = this.#normalizer.normalize(text)
    encodeGuarded(ids, text.length, guard, (forbids) => this.#encode(bytes, ids, forbids))
  }

  /** Viterbi's algorithm: the best way to reach each position, from left to right. */
  #encode(bytes: Uint8Array, ids: TokenId[], forbids?: (id: TokenId) => boolean): void {
    const count = bytes.length
    if (count === 0) return
    /** The score of the best way to each position, its last token, and where that begins. */
    const best = new Float64Array(count + 1).fill(-Number.MAX_VALUE)
    const tokens = new Int32Array(count + 1).fill(this.#unknownId)
    const starts = new Int32Array(count + 1)
    best[0] = 0
    const offer = (id: TokenId, start: number, end: number, score: number) => {
      if (!(score > best[end])) return
      best[end] = score
      tokens[end] = id
      starts[end] = start
    }
    for (let start = 0, width = 0; start < count; start += width) {
      width = Math.min(utf8Width(bytes[start]), count - start)
      let isKnown = false
      for (let node = 0, end = start; end < count; ) {
        node = this.#tokens.child(node, bytes[end++])
        if (node < 0) break
        const id = this.#tokens.value(node)
        if (id < 0 || forbids?.(id)) continue
        if (end - start === width) isKnown = true
        offer(id, start, end, best[start] + this.#scores[id])
      }
      if (!isKnown) offer(this.#unknownId, start, start + width, best[start] + this.#unknownScore)
    }
    const found: TokenId[] = []
    for (let end = count; ; end = starts[end]) {
      const isRepeated = tokens[end] === this.#unknownId && found[found.length - 1] === this.#unknownId
      if (!isRepeated) found.push(tokens[end])
      if (starts[end] === 0) break
    }
    for (let i = found.length - 1; i >= 0; i--) ids.push(found[i])
  }
}

function readScores(metadata: Metadata, size: number, warn: WarningListener | undefined): Float64Array {
  const scores = readPerToken(metadata, 'scores', size, warn) ?? metadata.numbers('tokenizer.ggml.scores')
  return Float64Array.from({ length: size }, (_, id) => {
    if (Number.isNaN(scores[id])) throw malformed(`tokenizer.ggml.scores: the score of token ${id} is NaN`)
    return Math.fround(scores[id])
  })
}

function readCharsmap(metadata: Metadata): Charsmap | undefined {
  const key = 'tokenizer.ggml.precompiled_charsmap'
  if (!metadata.has(key)) return undefined
  const values = metadata.numbers(key)
  if (values instanceof Uint8Array) return new Charsmap(values)
  if (values instanceof Int8Array)
    return new Charsmap(new Uint8Array(values.buffer, values.byteOffset, values.length))
  throw malformed(`${key} is not an array of bytes`)
}

function tooLong(id: TokenId, bytes: number): DasllamaError {
  return new DasllamaError(
    'LIMIT',
    `tokenizer.ggml.tokens: token ${id} has ${bytes} bytes; the limit is ${MAX_TOKEN}`,
    { hint: 'the file may be damaged' },
  )
}
