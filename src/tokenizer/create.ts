import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import { BytePair } from './byte-pair.js'
import { type Fragment, type Reads, SpecialTokenFinder } from './partition.js'
import { Pieces } from './pieces.js'
import { preTokenizer } from './pretokenizers.js'
import { type Guard, JoinedText } from './segments.js'
import { SentencePiece } from './sentencepiece.js'
import { CONTROL } from './token-attributes.js'
import type {
  DecodeOptions,
  EncodeOptions,
  EncodeSegmentsOptions,
  TextSegment,
  TokenId,
  Tokenizer,
} from './tokenizer.js'
import { isSpecial, readVocabulary, type Vocabulary } from './vocabulary.js'

/** What one kind of tokenizer adds to the common frame. */
interface Scheme {
  readonly vocabulary: Vocabulary
  /** Appends the ids of plain text, which is well-formed and not empty. */
  encode(text: string, ids: TokenId[], guard?: Guard): void
  readonly spelling: 'sentencepiece' | 'byte-level'
  readonly addBos: boolean
  readonly addSpacePrefix: boolean
}

/**
 * Makes the tokenizer that a model file's metadata describe (`tokenizer.ggml.*`): SentencePiece (`llama`) and
 * byte-level BPE (`gpt2`). Throws `UNSUPPORTED` for other kinds and unknown pre-tokenizers, `MISSING`, `BAD_FORMAT`
 * and `LIMIT` for vocabularies that cannot be used.
 */
export function createTokenizer(metadata: Metadata): Tokenizer {
  const scheme = readScheme(metadata)
  const { vocabulary } = scheme
  const { texts, attributes, bosId, eosId } = vocabulary
  const addBos = readAddition(metadata, 'bos', bosId, scheme.addBos)
  const addEos = readAddition(metadata, 'eos', eosId, false)
  const addSpacePrefix = metadata.boolean('tokenizer.ggml.add_space_prefix', scheme.addSpacePrefix)
  const finder = new SpecialTokenFinder(vocabulary, rightStripping(metadata))
  const pieces = new Pieces(
    vocabulary,
    scheme.spelling,
    scheme.spelling === 'sentencepiece' && addSpacePrefix,
  )

  /** What stands before text at the beginning and after special tokens. */
  const spacePrefix = scheme.spelling === 'sentencepiece' && addSpacePrefix ? ' ' : ''

  /** Appends the ids of text that has been cut at its special tokens. `prefix` stands before the first of them. */
  function encodeFragments(
    text: string,
    fragments: readonly Fragment[],
    prefix: string,
    ids: TokenId[],
    guardAt?: (offset: number) => Guard,
  ): void {
    for (const { start, end, id } of fragments) {
      if (id >= 0) {
        ids.push(id)
        prefix = spacePrefix
      } else {
        scheme.encode(prefix + text.slice(start, end), ids, guardAt?.(start - prefix.length))
        prefix = ''
      }
    }
  }

  return {
    vocabSize: texts.length,
    bosId,
    eosId,
    endOfGeneration: vocabulary.endOfGeneration,
    specialTokens: finder.tokens,

    encode(text: string, { addSpecial = true, parseSpecial = false }: EncodeOptions = {}): TokenId[] {
      if (typeof text !== 'string')
        throw new DasllamaError('INVALID_ARGUMENT', `the text to encode is ${typeof text}, not a string`)
      const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd')
      const ids: TokenId[] = []
      if (addSpecial && addBos) ids.push(bosId!)
      encodeFragments(wellFormed, finder.split(wellFormed, parseSpecial), spacePrefix, ids)
      if (addSpecial && addEos) ids.push(eosId!)
      return ids
    },

    encodeSegments(
      segments: readonly TextSegment[],
      { addBos: wantsBos = true, reserved }: EncodeSegmentsOptions = {},
    ): TokenId[] {
      const joined = new JoinedText(segments)
      const forbids = (id: TokenId) => isSpecial(vocabulary, id) || (reserved?.has(id) ?? false)
      const ids: TokenId[] = []
      let prefix = spacePrefix
      for (const { start, end, ids: known } of joined.stretches) {
        if (start === end) continue
        if (known) {
          for (const id of known) ids.push(id)
        } else {
          const text = joined.text.slice(start, end)
          const reads: Reads = (token, from, to) =>
            !(token.isControl || reserved?.has(token.id)) || joined.isTrusted(start + from, start + to)
          const guardAt = (offset: number): Guard => ({
            forbids,
            isBroken(ids, first, from, to) {
              for (let i = first; i < ids.length; i++) {
                if (!forbids(ids[i])) continue
                return !joined.isTrusted(Math.max(start, start + offset + from), start + offset + to)
              }
              return false
            },
          })
          encodeFragments(text, finder.split(text, true, reads), prefix, ids, guardAt)
        }
        prefix = ''
      }
      if (wantsBos && addBos && ids[0] !== bosId) ids.unshift(bosId!)
      return ids
    },

    decode: (ids, options: DecodeOptions = {}) => pieces.decode(ids, options),
    piece: (id) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(pieces.bytes(id)),
    pieceBytes: (id, options) => pieces.bytes(id, options),
    isControl: (id) => (attributes[id] & CONTROL) !== 0,
    createDecoder: (options: DecodeOptions = {}) => pieces.stream(options),
  }
}

function readScheme(metadata: Metadata): Scheme {
  const model = metadata.string('tokenizer.ggml.model')
  switch (model) {
    case 'llama': {
      const vocabulary = readVocabulary(metadata, { bosId: 1, eosId: 2 })
      const sentencePiece = new SentencePiece(metadata, vocabulary)
      return {
        vocabulary,
        encode: (text, ids, guard) => sentencePiece.encode(text, ids, guard),
        spelling: 'sentencepiece',
        addBos: true,
        addSpacePrefix: true,
      }
    }
    case 'gpt2': {
      // Checked first: of the many reasons why a file cannot be used this one says most.
      const cutting = preTokenizer(metadata.string('tokenizer.ggml.pre', 'default') || 'default')
      const vocabulary = readVocabulary(metadata, {})
      const bytePair = new BytePair(metadata, vocabulary, cutting)
      return {
        vocabulary,
        encode: (text, ids, guard) => bytePair.encode(text, ids, guard),
        spelling: 'byte-level',
        addBos: cutting.addBos,
        addSpacePrefix: false,
      }
    }
    default:
      throw new DasllamaError(
        'UNSUPPORTED',
        `tokenizer.ggml.model: tokenizers of kind "${model}" are not supported`,
        { hint: 'supported are "llama" (SentencePiece) and "gpt2" (byte-level BPE)' },
      )
  }
}

/** Whether a special token is added; a file that asks for one must name it. */
function readAddition(
  metadata: Metadata,
  name: 'bos' | 'eos',
  id: TokenId | undefined,
  fallback: boolean,
): boolean {
  const key = `tokenizer.ggml.add_${name}_token`
  const add = metadata.boolean(key, fallback)
  if (add && id === undefined && metadata.has(key)) {
    throw new DasllamaError('MISSING', `${key} is true, but tokenizer.ggml.${name}_token_id is not set`)
  }
  return add && id !== undefined
}

/** Phi-3 was trained with the white space after its markers dropped; GGUF files do not say so, hence by name. */
function rightStripping(metadata: Metadata): (text: string) => boolean {
  const isPhi3 = /phi-?3/i.test(metadata.string('general.name', ''))
  return (text) => isPhi3 && !['<unk>', '<s>', '<|endoftext|>'].includes(text)
}
