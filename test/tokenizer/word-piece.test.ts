import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { baseOf } from '../../src/tokenizer/unicode-decomposition.js'
import { toLowercase } from '../../src/tokenizer/unicode-lowercase.js'
import { CONTROL, tokenizerMetadata, USER_DEFINED } from './small-vocabularies.js'

const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]']
const [, UNK, CLS, SEP, MASK] = SPECIAL.keys()
const PIECES = ['▁un', 'aff', 'able', '▁a', 'a', '▁aa', '▁,', '▁!', '▁É', '▁e', 'x', '▁字', '▁ᄒ', '▁secret']

function keys(more: Record<string, MetadataValue | undefined> = {}) {
  const tokens = [...SPECIAL, ...PIECES]
  const types = new Int32Array(tokens.length).fill(1)
  types.set([CONTROL, 2, CONTROL, CONTROL, USER_DEFINED])
  types[tokens.length - 1] = CONTROL
  return {
    model: 'bert',
    tokens,
    token_type: types,
    unknown_token_id: UNK,
    bos_token_id: CLS,
    seperator_token_id: SEP,
    ...more,
  }
}

/** The texts of the ids of a text. */
function cut(text: string, more?: Record<string, MetadataValue | undefined>, addSpecial = false): string[] {
  const { encode, piece } = createTokenizer(tokenizerMetadata(keys(more)))
  return encode(text, { addSpecial }).map((id) => piece(id).replace(' ', '▁'))
}

describe('WordPiece', () => {
  it('takes the longest token from the beginning of each word', () => {
    expect(cut('unaffable  aaa')).toEqual(['▁un', 'aff', 'able', '▁aa', 'a'])
  })

  it('makes a whole word unknown if any part of it is', () => {
    expect(cut('unaff? a')).toEqual(['▁un', 'aff', '[UNK]', '▁a'])
    expect(cut('unaffz a')).toEqual(['[UNK]', '▁a'])
  })

  it('cuts at punctuation, ASCII symbols and Chinese characters, and drops control characters', () => {
    expect(cut('a,a!字字')).toEqual(['▁a', '▁,', '▁a', '▁!', '▁字', '▁字'])
    expect(cut('a\0\u200ba \ufffd')).toEqual(['▁aa'])
  })

  it('lowercases and strips accents unless the file disables it', () => {
    expect(cut('É A')).toEqual(['▁e', '▁a'])
    expect(cut('E\u0301')).toEqual(['▁e'])
    expect(cut('É A', { 'tokenizer.ggml.normalizer.lowercase': false })).toEqual(['▁É', '[UNK]'])
    expect(
      cut('É', {
        'tokenizer.ggml.normalizer.lowercase': false,
        'tokenizer.ggml.normalizer.strip_accents': true,
      }),
    ).toEqual(['[UNK]'])
    expect(cut('한')).toEqual(['▁ᄒ'])
  })

  it('puts [CLS] first and [SEP] last, whatever add_bos_token says', () => {
    expect(cut('a', {}, true)).toEqual(['[CLS]', '▁a', '[SEP]'])
    expect(cut('', { add_bos_token: false, add_eos_token: false }, true)).toEqual(['[CLS]', '[SEP]'])
    const { bosId, eosId, separatorId, addsSeparator } = createTokenizer(tokenizerMetadata(keys()))
    expect({ bosId, eosId, separatorId, addsSeparator }).toEqual({
      ...{ bosId: CLS, eosId: undefined, separatorId: SEP, addsSeparator: true },
    })
  })

  it('defaults to the ids of the original vocabulary', () => {
    const tokens = Array.from({ length: 104 }, (_, id) => `[${id}]`)
    const metadata = tokenizerMetadata({ model: 'bert', tokens })
    expect(createTokenizer(metadata).encode('?')).toEqual([101, 100, 102])
  })

  it('takes the id of [CLS] if there is none of BOS', () => {
    expect(cut('a', { bos_token_id: undefined, cls_token_id: CLS }, true)[0]).toBe('[CLS]')
  })

  it('never makes a control token of text', () => {
    expect(cut('secret [SEP]')).not.toContain('▁secret')
    const { encode, encodeSegments } = createTokenizer(tokenizerMetadata(keys()))
    expect(encode('[SEP][MASK]', { addSpecial: false })).toEqual([UNK, UNK, UNK, MASK])
    expect(encode('[SEP]', { addSpecial: false, parseSpecial: true })).toEqual([SEP])
    const segments = [
      { text: '[SEP] a', trusted: true },
      { text: '[SEP][MASK]', trusted: false },
    ]
    const reserved = new Set([MASK])
    expect(encodeSegments(segments, { reserved })).toEqual([CLS, SEP, 8, ...Array(6).fill(UNK)])
  })

  it('decodes with spaces before words, but not before punctuation', () => {
    const { decode, encode } = createTokenizer(tokenizerMetadata(keys()))
    const ids = encode('unaffable, a!')
    expect(decode(ids)).toBe('[CLS] unaffable, a![SEP]')
    expect(decode(ids, { skipSpecial: true })).toBe(' unaffable, a!')
  })

  it('reads a megabyte of one character', () => {
    const { encode } = createTokenizer(tokenizerMetadata(keys()))
    expect(encode('a'.repeat(2 ** 20)).length).toBe(2 ** 20 + 1)
    expect(encode('z'.repeat(2 ** 20))).toEqual([CLS, UNK, SEP])
  })

  it.each([
    [
      'unknown_token_id',
      { unknown_token_id: undefined },
      /unknown_token_id is not set, and its default, 100,/,
    ],
    ['bos_token_id', { bos_token_id: 99 }, /bos_token_id is not set, and its default, 101,/],
    ['seperator_token_id', { seperator_token_id: undefined }, /seperator_token_id/],
    [
      'tokenizer.ggml.normalizer.lowercase',
      { 'tokenizer.ggml.normalizer.lowercase': 1 },
      /normalizer\.lowercase/,
    ],
    ['suppress_tokens', { suppress_tokens: Float32Array.of(0.5) }, /suppress_tokens names 0.5/],
  ])('rejects a bad %s', (_, more, message) => {
    expect(() => createTokenizer(tokenizerMetadata(keys(more)))).toThrow(
      expect.objectContaining({ code: 'BAD_FORMAT', message: expect.stringMatching(message) }),
    )
  })
})

describe('tables of characters', () => {
  const assigned = Array.from({ length: 0x110000 }, (_, codePoint) => codePoint).filter(
    (codePoint) => !/\p{C}/u.test(String.fromCodePoint(codePoint)),
  )

  it('decompose as the engine does', () => {
    for (const codePoint of assigned) {
      const base = baseOf(codePoint)
      if (base !== codePoint && base !== String.fromCodePoint(codePoint).normalize('NFD').codePointAt(0))
        expect.fail(`U+${codePoint.toString(16)}`)
    }
    expect(assigned.filter((codePoint) => baseOf(codePoint) !== codePoint).length).toBe(13_233)
  })

  it('lowercase as the engine does', () => {
    for (const codePoint of assigned) {
      const lower = toLowercase(codePoint)
      if (lower !== codePoint && lower !== String.fromCodePoint(codePoint).toLowerCase().codePointAt(0))
        expect.fail(`U+${codePoint.toString(16)}`)
    }
    expect(assigned.filter((codePoint) => toLowercase(codePoint) !== codePoint).length).toBe(1433)
  })
})
