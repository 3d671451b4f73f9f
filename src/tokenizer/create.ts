import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { BytePair } from './byte-pair.js'
import { type Fragment, type Restriction, SpecialTokenFinder } from './partition.js'
import { Pieces } from './pieces.js'
import { preTokenizerOf } from './pretokenizers.js'
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
import { isSpecial, readVocabulary, type SequenceEnds, type Vocabulary } from './vocabulary.js'

/** The parts specific to one kind of tokenizer. */
interface Scheme {
  readonly vocabulary: Vocabulary
  /** Appends the ids of plain text, which is well-formed and not empty. */
  encode(text: string, ids: TokenId[], guard?: Guard): void
  readonly spelling: 'sentencepiece' | 'byte-level'
  readonly addBos: boolean
  readonly addSpacePrefix: boolean
  /** llama.cpp's fallbacks for unusable ids in the file. */
  readonly fallbacks: SequenceEnds
}

/**
 * Creates the tokenizer described by a model file's metadata (`tokenizer.ggml.*`): SentencePiece (`llama`) or byte-level
 * BPE (`gpt2`). `warn` is called for unusable keys that llama.cpp ignores, too. Throws `UNSUPPORTED` for other kinds and
 * unknown pre-tokenizers, and `MISSING`, `BAD_FORMAT` or `LIMIT` for an unusable vocabulary.
 */
export function createTokenizer(metadata: Metadata, warn?: WarningListener): Tokenizer {
  const scheme = readScheme(metadata, warn)
  const { vocabulary } = scheme
  const { texts, attributes } = vocabulary
  const bosId = readAdded(metadata, 'bos', scheme, warn)
  const eosId = readAdded(metadata, 'eos', scheme, warn)
  const addBos = bosId !== undefined && metadata.boolean('tokenizer.ggml.add_bos_token', scheme.addBos)
  const addEos = eosId !== undefined && metadata.boolean('tokenizer.ggml.add_eos_token', false)
  const addSpacePrefix = metadata.boolean('tokenizer.ggml.add_space_prefix', scheme.addSpacePrefix)
  const finder = new SpecialTokenFinder(vocabulary, rightStripping(metadata))
  const pieces = new Pieces(vocabulary, scheme.spelling, {
    dropsFirstSpace: scheme.spelling === 'sentencepiece' && addSpacePrefix,
  })

  /** Prefix of text at the beginning and after special tokens. */
  const spacePrefix = scheme.spelling === 'sentencepiece' && addSpacePrefix ? ' ' : ''

  /** Appends the ids of text that has been split at its special tokens. `prefix` is put before the first fragment. */
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
        throw new DasllamaError('INVALID_ARGUMENT', `the text to encode must be a string, not ${typeof text}`)
      const wellFormed = text.replace(/[\ud800-\udfff]/gu, '\ufffd')
      const ids: TokenId[] = []
      if (addSpecial && addBos) ids.push(bosId)
      encodeFragments(
        wellFormed,
        finder.split(wellFormed, parseSpecial ? 'everywhere' : 'nowhere'),
        spacePrefix,
        ids,
      )
      if (addSpecial && addEos) ids.push(eosId)
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
          const restriction: Restriction = {
            reserved,
            trustedEnd: (position) => joined.trustedEnd(start + position) - start,
          }
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
          encodeFragments(text, finder.split(text, restriction), prefix, ids, guardAt)
        }
        prefix = ''
      }
      if (wantsBos && addBos && ids[0] !== bosId) ids.unshift(bosId)
      return ids
    },

    decode: (ids, options: DecodeOptions = {}) => pieces.decode(ids, options),
    piece: (id) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(pieces.bytes(id)),
    pieceBytes: (id, options) => pieces.bytes(id, options),
    isControl: (id) => (attributes[id] & CONTROL) !== 0,
    createDecoder: (options: DecodeOptions = {}) => pieces.stream(options),
  }
}

function readScheme(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  const model = metadata.string('tokenizer.ggml.model')
  switch (model) {
    case 'llama': {
      const ids = { bosId: 1, eosId: 2 }
      const vocabulary = readVocabulary(metadata, { defaults: ids, fallbacks: ids }, warn)
      const sentencePiece = new SentencePiece(metadata, vocabulary, warn)
      return {
        vocabulary,
        encode: (text, ids, guard) => sentencePiece.encode(text, ids, guard),
        spelling: 'sentencepiece',
        addBos: true,
        addSpacePrefix: true,
        fallbacks: ids,
      }
    }
    case 'gpt2': {
      // Checked first: of several problems with a file, this one is the most informative.
      const preTokenizer = preTokenizerOf(metadata.string('tokenizer.ggml.pre', 'default') || 'default')
      const fallbacks = { bosId: 11, eosId: 11 }
      const vocabulary = readVocabulary(metadata, { defaults: {}, fallbacks }, warn)
      const bytePair = new BytePair(metadata, vocabulary, preTokenizer, warn)
      return {
        vocabulary,
        encode: (text, ids, guard) => bytePair.encode(text, ids, guard),
        spelling: 'byte-level',
        addBos: preTokenizer.addBos,
        addSpacePrefix: false,
        fallbacks,
      }
    }
    default:
      throw new DasllamaError(
        'UNSUPPORTED',
        `tokenizer.ggml.model: tokenizer type ${describeValue(model)} is not supported`,
        { hint: 'supported: "llama" (SentencePiece) and "gpt2" (byte-level BPE)' },
      )
  }
}

/** The id of BOS or EOS; llama.cpp's fallback if the file wants one added but does not define it. */
function readAdded(
  metadata: Metadata,
  name: 'bos' | 'eos',
  { vocabulary, fallbacks }: Scheme,
  warn: WarningListener | undefined,
): TokenId | undefined {
  const id = vocabulary[`${name}Id`]
  const key = `tokenizer.ggml.add_${name}_token`
  if (id !== undefined || !metadata.boolean(key, false)) return id
  const fallback = fallbacks[`${name}Id`]
  const isToken = fallback !== undefined && fallback < vocabulary.texts.length
  warn?.({
    code: 'METADATA_IGNORED',
    message: `${key} is true, but tokenizer.ggml.${name}_token_id is not set; ${isToken ? `${fallback} is used` : 'nothing is added'}`,
    hint: 'the file may be badly converted: convert or download it again if the replies are wrong',
  })
  return isToken ? fallback : undefined
}

/** Phi-3 was trained with whitespace after its markers stripped. GGUF files have no key for it, so the name decides. */
function rightStripping(metadata: Metadata): (text: string) => boolean {
  const isPhi3 = /phi-?3/i.test(metadata.string('general.name', ''))
  return (text) => isPhi3 && !['<unk>', '<s>', '<|endoftext|>'].includes(text)
}
