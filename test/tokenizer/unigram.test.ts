import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { charsmapFile } from '../support/vocabularies/charsmap-file.js'
import { CONTROL, tokenizerMetadata, USER_DEFINED } from './small-vocabularies.js'

const SPECIAL = ['<pad>', '</s>', '<unk>', '<mask>', '<e\u0301>', '<secret>']
const [, EOS, UNK, MASK, USER] = SPECIAL.keys()
const PIECES: readonly (readonly [string, number])[] = [
  ['▁', -2],
  ['a', -3],
  ['b', -3],
  ['ab', -4],
  ['abc', -20],
  ['c', -3],
  ['▁a', -4],
  ['é', -5],
  ['e', -5],
  ['\u0301', -5],
]
const UNUSED = 5

function keys(more: Record<string, MetadataValue | undefined> = {}) {
  const tokens = [...SPECIAL, ...PIECES.map(([text]) => text), 'aab']
  const types = new Int32Array(tokens.length).fill(1)
  types.set([CONTROL, CONTROL, 2, USER_DEFINED, USER_DEFINED, CONTROL])
  types[tokens.length - 1] = UNUSED
  const scores = [...SPECIAL.map(() => 0), ...PIECES.map(([, score]) => score), -1]
  return { model: 't5', tokens, token_type: types, scores: Float32Array.from(scores), ...more }
}

function cut(text: string, more?: Record<string, MetadataValue | undefined>, addSpecial = false): string[] {
  const { encode, piece } = createTokenizer(tokenizerMetadata(keys(more)))
  return encode(text, { addSpecial }).map((id) => piece(id).replaceAll(' ', '▁'))
}

describe('unigram', () => {
  it('takes the tokens with the greatest sum of scores, also unused ones', () => {
    expect(cut('abc')).toEqual(['ab', 'c'])
    // An unused token has no text.
    expect(cut('aabc')).toEqual(['', 'c'])
  })

  it('makes one unknown token of adjacent unknown characters', () => {
    expect(cut('a国字b字')).toEqual(['a', '<unk>', 'b', '<unk>'])
  })

  it('adds spaces and removes others as the file says', () => {
    expect(cut(' a  b ')).toEqual(['▁a', '▁', '▁', 'b', '▁'])
    expect(cut(' a  b ', { remove_extra_whitespaces: true })).toEqual(['▁a', '▁', 'b'])
    expect(cut('a', { add_space_prefix: true })).toEqual(['▁a'])
    expect(cut(' ', { remove_extra_whitespaces: true })).toEqual([])
  })

  it('adds EOS and no BOS by default', () => {
    expect(cut('a', {}, true)).toEqual(['a', '</s>'])
    expect(cut('', {}, true)).toEqual(['</s>'])
    expect(cut('a', { add_eos_token: false, add_bos_token: true, bos_token_id: 0 }, true)).toEqual([
      '<pad>',
      'a',
    ])
    const { bosId, eosId, addsBos, addsEos } = createTokenizer(tokenizerMetadata(keys()))
    expect({ bosId, eosId, addsBos, addsEos }).toEqual({
      ...{ bosId: undefined, eosId: EOS, addsBos: false, addsEos: true },
    })
  })

  it('decodes to the text if that is normal', () => {
    const more = { add_space_prefix: true, remove_extra_whitespaces: true }
    const { decode, encode } = createTokenizer(tokenizerMetadata(keys(more)))
    for (const text of ['a', 'abc ab', 'é c']) expect(decode(encode(text), { skipSpecial: true })).toBe(text)
  })

  it('never makes a control token of text', () => {
    const { encode, encodeSegments } = createTokenizer(tokenizerMetadata(keys()))
    const options = { addSpecial: false }
    expect(encode('<secret></s>', options)).not.toContain(EOS)
    expect(encode('<secret>', { ...options, parseSpecial: true })).toEqual([5])
    const segments = [
      { text: '</s>', trusted: true },
      { text: '</s><mask>a', trusted: false },
    ]
    const ids = encodeSegments(segments, { reserved: new Set([MASK]) })
    expect(ids.filter((id) => id === EOS || id === MASK)).toEqual([EOS])
    expect(encode('<mask>a', options)).toEqual([MASK, 7])
  })

  it('strips whitespace before the mask of encoders that were trained so', () => {
    const encode = (more: Record<string, MetadataValue>) =>
      createTokenizer(tokenizerMetadata({ ...keys(), ...more })).encode('a \n<mask> b', { addSpecial: false })
    expect(encode({ 'general.architecture': 'nomic-bert-moe' })).toEqual([7, MASK, 6, 8])
    expect(encode({ 'general.architecture': 'bert' })).toEqual([7, 6, UNK, MASK, 6, 8])
  })

  it('reads a megabyte of one character', () => {
    const { encode } = createTokenizer(tokenizerMetadata(keys()))
    expect(encode('c'.repeat(2 ** 20)).length).toBe(2 ** 20 + 1)
    expect(encode('国'.repeat(2 ** 18))).toEqual([UNK, EOS])
  })

  it.each([
    ['no scores', { scores: undefined }, 'MISSING', /tokenizer\.ggml\.scores/],
    ['too few scores', { scores: new Float32Array(3) }, 'BAD_FORMAT', /scores has 3 entries/],
    ['a score that is NaN', { scores: new Float32Array(17).fill(Number.NaN) }, 'BAD_FORMAT', /scores.*NaN/],
    ['an unknown token outside', { unknown_token_id: -1 }, 'BAD_FORMAT', /unknown_token_id is -1/],
    [
      'a charsmap of numbers',
      { precompiled_charsmap: Int32Array.of(1) },
      'BAD_FORMAT',
      /precompiled_charsmap/,
    ],
    ['a charsmap that is a string', { precompiled_charsmap: 'x' }, 'BAD_FORMAT', /precompiled_charsmap/],
    ['a space prefix that is a number', { add_space_prefix: 1 }, 'BAD_FORMAT', /add_space_prefix/],
  ])('rejects %s', (_, more, code, message) => {
    expect(() => createTokenizer(tokenizerMetadata(keys(more)))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    )
  })

  it('falls back to the default for an unknown token beyond the vocabulary, with a warning', () => {
    const warnings: string[] = []
    const tokenizer = createTokenizer(tokenizerMetadata(keys({ unknown_token_id: 99 })), ({ message }) => {
      warnings.push(message)
    })
    expect(tokenizer.encode('国', { addSpecial: false })).toEqual([UNK])
    expect(warnings).toEqual([expect.stringMatching(/unknown_token_id is 99/)])
  })

  it('rejects a vocabulary without the default unknown token', () => {
    const metadata = tokenizerMetadata({ model: 't5', tokens: ['a'], scores: Float32Array.of(0) })
    expect(() => createTokenizer(metadata)).toThrow(/unknown_token_id is not set/)
  })

  it('rejects an absurdly long token', () => {
    const tokens = ['x', 'y', '<unk>', 'a'.repeat(512), 'a'.repeat(513)]
    const create = (count: number) =>
      createTokenizer(
        tokenizerMetadata({ model: 't5', tokens: tokens.slice(0, count), scores: new Float32Array(count) }),
      )
    expect(create(4).encode('a'.repeat(512), { addSpecial: false })).toEqual([3])
    expect(() => create(5)).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringMatching(/token 4 has 513 bytes/) }),
    )
  })
})

describe('its charsmap', () => {
  const rules = [
    ['é', 'a'],
    ['bb', 'c'],
    ['bbb', ''],
    ['\t', ' '],
    ['国', 'abc a'],
  ] as const
  const more = { precompiled_charsmap: charsmapFile(rules) }

  it('replaces the longest text that it knows', () => {
    expect(cut('é', more)).toEqual(['a'])
    expect(cut('b', more)).toEqual(['b'])
    expect(cut('bbbb', more)).toEqual(['b'])
    expect(cut('国\t', more)).toEqual(['ab', 'c', '▁a', '▁'])
  })

  it('may be signed bytes', () => {
    const { buffer } = more.precompiled_charsmap
    expect(cut('é', { precompiled_charsmap: new Int8Array(buffer as ArrayBuffer) })).toEqual(['a'])
  })

  it('keeps user-defined tokens, and what begins like one', () => {
    expect(cut('<e\u0301>', { precompiled_charsmap: charsmapFile([['e', 'c']]) })).toEqual(['<e\u0301>'])
    const { encode } = createTokenizer(
      tokenizerMetadata(keys({ precompiled_charsmap: charsmapFile([['e', 'c']]) })),
    )
    // "<e" is copied; the second "e" is replaced.
    expect(encode('<ee', { addSpecial: false })).toEqual([UNK, 14, 11])
    expect(encode('<e\u0301>', { addSpecial: false })).toEqual([USER])
  })
})
