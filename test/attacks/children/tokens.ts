/** Vocabularies that could make encoding slow: the time must not grow with tokens times text. */
import { Metadata, type MetadataValue } from '../../../src/gguf/metadata.js'
import { createTokenizer } from '../../../src/tokenizer/create.js'
import type { EncodeOptions } from '../../../src/tokenizer/tokenizer.js'
import { bytePairKeys, CONTROL, sentencePieceKeys, USER_DEFINED } from '../../tokenizer/small-vocabularies.js'
import { attackInput, report } from '../support/attempt.js'

const MILLION = 1_000_000
const many = (count: number, make: (i: number) => string, type: number) =>
  Array.from({ length: count }, (_, i) => [make(i), type] as const)

interface Attack {
  readonly keys: Record<string, MetadataValue>
  readonly text: string
  readonly options?: EncodeOptions
  /** Whether the first half of the text is untrusted and the second half trusted. */
  readonly isShared?: boolean
}

const words = 'the quick <t brown <t77> jumps over <t1'
const text = words.repeat(MILLION / words.length)
const nested = (type: number) => many(2800, (i) => 'a'.repeat(i + 2), type)

const ATTACKS: Record<string, () => Attack> = {
  '60,000 user-defined tokens': () => ({
    keys: bytePairKeys(
      [],
      many(60_000, (i) => `<t${i}>`, USER_DEFINED),
    ),
    text,
  }),
  '60,000 control tokens': () => ({
    keys: bytePairKeys(
      [],
      many(60_000, (i) => `<t${i}>`, CONTROL),
    ),
    text,
    options: { parseSpecial: true },
  }),
  '300,000 user-defined tokens': () => ({
    keys: bytePairKeys(
      [],
      many(300_000, (i) => `<t${i}>`, USER_DEFINED),
    ),
    text,
  }),
  'tokens that are each a prefix of the next': () => ({
    keys: bytePairKeys([], nested(USER_DEFINED)),
    text: `${'a'.repeat(1500)}b`.repeat(MILLION / 1501),
  }),
  'tokens that end differently': () => ({
    keys: bytePairKeys(
      [],
      many(1000, (i) => `${'a'.repeat(2000)}${String.fromCharCode(0x4e00 + i)}`, USER_DEFINED),
    ),
    text: 'a'.repeat(MILLION),
  }),
  'nested control tokens, in untrusted text': () => ({
    keys: bytePairKeys([], nested(CONTROL)),
    text: 'a'.repeat(MILLION),
    isShared: true,
  }),
  'a SentencePiece vocabulary of nested tokens': () => {
    const keys = sentencePieceKeys(Array.from({ length: 10_000 }, (_, i) => 'a'.repeat(i + 1)))
    return {
      keys: { ...keys, scores: Float32Array.from(keys.tokens, (_, id) => id) },
      text: 'a'.repeat(2 * MILLION),
    }
  },
  'a WordPiece vocabulary of nested tokens': () => ({
    keys: {
      model: 'bert',
      tokens: ['[UNK]', '[CLS]', '[SEP]', '▁a', ...nested(0).map(([text]) => text), 'a'],
      unknown_token_id: 0,
      bos_token_id: 1,
      seperator_token_id: 2,
    },
    text: `${'a'.repeat(1500)} `.repeat(MILLION / 1501) + 'a'.repeat(MILLION),
  }),
  'a unigram vocabulary of nested tokens': () => {
    const tokens = ['<pad>', '</s>', '<unk>', ...Array.from({ length: 512 }, (_, i) => 'a'.repeat(i + 1))]
    return {
      keys: { model: 't5', tokens, scores: Float32Array.from(tokens, (_, id) => -id) },
      text: 'a'.repeat(MILLION / 2),
    }
  },
}

const { keys, text: input, options, isShared } = ATTACKS[attackInput<string>()]()
const named = Object.entries(keys).map(([key, value]) => [`tokenizer.ggml.${key}`, value] as const)
const tokenizer = createTokenizer(new Metadata('attack.gguf', new Map(named)))
const half = input.length / 2
const ids = isShared
  ? tokenizer.encodeSegments([
      { text: input.slice(0, half), trusted: false },
      { text: input.slice(half), trusted: true },
    ])
  : tokenizer.encode(input, options)
report(tokenizer.decode(ids, { skipSpecial: false }).length >= input.length, 'text was lost')
