import { describeValue } from '../describe.js'
import { DasllamaError } from '../errors.js'
import type { Metadata } from '../gguf/metadata.js'
import type { WarningListener } from '../warnings.js'
import { BytePair } from './byte-pair.js'
import type { Spelling } from './pieces.js'
import { type PreTokenizer, preTokenizerOf } from './pretokenizers.js'
import type { Guard } from './segments.js'
import { SentencePiece } from './sentencepiece.js'
import { SpecialIds } from './special-ids.js'
import type { TokenId } from './tokenizer.js'
import { Unigram } from './unigram.js'
import { readVocabulary, type SequenceEnds, type Vocabulary } from './vocabulary.js'
import { WhitespaceWords } from './whitespace.js'
import { WordPiece } from './word-piece.js'

/** The parts specific to one kind of tokenizer. */
export interface Scheme {
  readonly vocabulary: Vocabulary
  /** Appends the ids of plain text, which is well-formed and not empty. */
  encode(text: string, ids: TokenId[], guard?: Guard): void
  readonly spelling: Spelling
  /** Whether the caller must put a space before text at the beginning and after special tokens. */
  readonly wantsSpacePrefix?: boolean
  /** Whether encoding adds a space before text, which decoding removes. */
  readonly dropsFirstSpace?: boolean
  /** What is added if the file does not specify it. Default nothing. */
  readonly adds: { readonly bos?: boolean; readonly eos?: boolean; readonly separator?: boolean }
  /** What is added whatever the file specifies. Default nothing. */
  readonly always?: { readonly bos?: boolean; readonly finalSeparator?: boolean }
  /** llama.cpp's fallbacks for unusable ids in the file. */
  readonly fallbacks: SequenceEnds
}

type Reader = (metadata: Metadata, warn: WarningListener | undefined) => Scheme

const READERS: Readonly<Record<string, Reader>> = {
  llama: readSentencePiece,
  gpt2: readBytePair,
  gemma4: (metadata, warn) => bytePair(metadata, preTokenizerOf('gemma4'), {}, warn).scheme,
  whitespace: readWhitespace,
  bert: readWordPiece,
  t5: readUnigram,
}

/** Reads the tokenizer that `tokenizer.ggml.model` names. */
export function readScheme(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  const model = metadata.string('tokenizer.ggml.model')
  if (Object.hasOwn(READERS, model)) return READERS[model](metadata, warn)
  throw new DasllamaError(
    'UNSUPPORTED',
    `tokenizer.ggml.model: tokenizer type ${describeValue(model)} is not supported`,
    {
      hint:
        'supported: "llama" (SentencePiece), "gpt2" (byte-level BPE), "gemma4" and "whitespace" (BPE of characters), ' +
        '"bert" (WordPiece) and "t5" (unigram)',
    },
  )
}

function readSentencePiece(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  const ends = { bosId: 1, eosId: 2 }
  const vocabulary = readVocabulary(metadata, { defaults: ends, fallbacks: ends }, warn)
  const sentencePiece = new SentencePiece(metadata, vocabulary, warn)
  const addSpacePrefix = metadata.boolean('tokenizer.ggml.add_space_prefix', true)
  return {
    vocabulary,
    encode: (text, ids, guard) => sentencePiece.encode(text, ids, guard),
    spelling: 'sentencepiece',
    wantsSpacePrefix: addSpacePrefix,
    dropsFirstSpace: addSpacePrefix,
    adds: { bos: true },
    fallbacks: ends,
  }
}

function readBytePair(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  return bytePair(metadata, namedPreTokenizer(metadata), { bosId: 11, eosId: 11 }, warn).scheme
}

function readWhitespace(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  const preTokenizer = namedPreTokenizer(metadata)
  const { scheme, encoder } = bytePair(metadata, preTokenizer, { bosId: 11, eosId: 11 }, warn)
  const isNamed = preTokenizer.spelling === 'raw'
  const lowercase = metadata.boolean('tokenizer.ggml.normalizer.lowercase', !isNamed)
  const words = new WhitespaceWords(encoder, { lowercase })
  return { ...scheme, encode: (text, ids, guard) => words.encode(text, ids, guard) }
}

/** Checked before anything else: of several problems with a file, this one is the most informative. */
function namedPreTokenizer(metadata: Metadata): PreTokenizer {
  return preTokenizerOf(metadata.string('tokenizer.ggml.pre', 'default') || 'default')
}

function bytePair(
  metadata: Metadata,
  preTokenizer: PreTokenizer,
  fallbacks: SequenceEnds,
  warn: WarningListener | undefined,
): { readonly scheme: Scheme; readonly encoder: BytePair } {
  const vocabulary = readVocabulary(metadata, { defaults: {}, fallbacks }, warn)
  const encoder = new BytePair(metadata, vocabulary, preTokenizer, warn)
  const scheme: Scheme = {
    vocabulary,
    encode: (text, ids, guard) => encoder.encode(text, ids, guard),
    spelling: preTokenizer.spelling,
    adds: { bos: preTokenizer.addBos, separator: preTokenizer.addSeparator },
    always: { bos: preTokenizer.forcesBos },
    fallbacks,
  }
  return { scheme, encoder }
}

function readWordPiece(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  // llama.cpp does not read `cls_token_id`, which files have beside, or instead of, an equal `bos_token_id`.
  const ids = new SpecialIds(metadata, metadata.strings('tokenizer.ggml.tokens').length, warn)
  const fallbacks = { bosId: 101, separatorId: 102 }
  const defaults = { bosId: ids.read('cls_token_id') ?? fallbacks.bosId, separatorId: fallbacks.separatorId }
  const vocabulary = readVocabulary(metadata, { defaults, fallbacks }, warn)
  const wordPiece = new WordPiece(metadata, vocabulary, ids.require('unknown_token_id', 100))
  if (vocabulary.bosId === undefined) throw ids.missing('bos_token_id', defaults.bosId)
  if (vocabulary.separatorId === undefined) throw ids.missing('seperator_token_id', defaults.separatorId)
  return {
    vocabulary,
    encode: (text, ids, guard) => wordPiece.encode(text, ids, guard),
    spelling: 'wordpiece',
    adds: { separator: true },
    always: { bos: true, finalSeparator: true },
    fallbacks,
  }
}

function readUnigram(metadata: Metadata, warn: WarningListener | undefined): Scheme {
  const ends = { eosId: 1 }
  const vocabulary = readVocabulary(metadata, { defaults: ends, fallbacks: ends }, warn)
  const unknownId = new SpecialIds(metadata, vocabulary.texts.length, warn).require('unknown_token_id', 2)
  const addSpacePrefix = metadata.boolean('tokenizer.ggml.add_space_prefix', false)
  const unigram = new Unigram(metadata, vocabulary, { unknownId, addSpacePrefix }, warn)
  return {
    vocabulary,
    encode: (text, ids, guard) => unigram.encode(text, ids, guard),
    spelling: 'sentencepiece',
    dropsFirstSpace: addSpacePrefix,
    adds: { eos: true },
    fallbacks: ends,
  }
}
