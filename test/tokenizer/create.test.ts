import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import {
  bytePairKeys,
  CONTROL,
  sentencePieceKeys,
  tokenizerMetadata,
  USER_DEFINED,
} from './small-vocabularies.js'

const A = 97
const merges = ['a a', 'aa a', 'Ġ a', 'Ġa aa']
const [AA, AAA, SPACE_A, SPACE_AAA] = [256, 257, 258, 259]

describe('byte-level BPE', () => {
  it('merges in the order of the list, the leftmost first', () => {
    const { encode } = createTokenizer(tokenizerMetadata(bytePairKeys(merges)))
    expect(encode('aaaa')).toEqual([AA, AA])
    expect(encode('aaa')).toEqual([AAA])
    expect(encode('a aaa')).toEqual([A, 0x20, AAA])
    expect(encode('a aa')).toEqual([A, 0x20, AA])
    expect(encode('')).toEqual([])
  })

  it('takes whole words from the vocabulary if the pre-tokenizer ignores merges', () => {
    const keys = { ...bytePairKeys(merges), pre: 'llama-bpe' }
    const { encode } = createTokenizer(tokenizerMetadata(keys))
    expect(encode('a aaa')).toEqual([A, SPACE_AAA])
    expect(encode('a a')).toEqual([A, SPACE_A])
  })

  it('drops bytes without a token', () => {
    const keys = bytePairKeys(merges)
    keys.tokens[0x62] = 'not b'
    const { encode } = createTokenizer(tokenizerMetadata(keys))
    expect(encode('aabaa')).toEqual([AA, AA])
  })
})

describe('SentencePiece', () => {
  const pieces = ['▁', 'a', 'b', 'ab', '▁a', 'é']
  const [BLANK, LETTER_A, , AB, BLANK_A, E_ACUTE] = pieces.map((_, i) => 259 + i)

  it('merges the best score first and falls back to bytes', () => {
    const { encode } = createTokenizer(tokenizerMetadata(sentencePieceKeys(pieces)))
    expect(encode('ab', { addSpecial: false })).toEqual([BLANK, AB])
    expect(encode('aé€', { addSpecial: false })).toEqual([BLANK_A, E_ACUTE, 3 + 0xe2, 3 + 0x82, 3 + 0xac])
    expect(encode('')).toEqual([1])
  })

  it('adds a space before text and removes it when decoding', () => {
    const { encode, decode } = createTokenizer(tokenizerMetadata(sentencePieceKeys(pieces)))
    for (const text of ['a', ' a', '  a', 'b a ', ' '])
      expect(decode(encode(text), { skipSpecial: true })).toBe(text)
    expect(decode(encode('a'))).toBe('<s>a')
  })

  it('adds no space if the file disables it', () => {
    const keys = { ...sentencePieceKeys(pieces), add_space_prefix: false }
    const { encode, decode } = createTokenizer(tokenizerMetadata(keys))
    expect(encode('a', { addSpecial: false })).toEqual([LETTER_A])
    expect(decode(encode(' a', { addSpecial: false }))).toBe(' a')
  })

  it('never makes a control token of plain text', () => {
    const keys = sentencePieceKeys(['x', 'y'], [['xy', CONTROL]])
    const { encode } = createTokenizer(tokenizerMetadata({ ...keys, add_space_prefix: false }))
    expect(encode('xy', { addSpecial: false })).toEqual([259, 260])
    expect(encode('xy', { addSpecial: false, parseSpecial: true })).toEqual([261])
  })
})

describe('special tokens', () => {
  const keys = bytePairKeys(merges, [
    ['<|im_end|>', 1],
    ['<x>', CONTROL],
    ['a<x', USER_DEFINED],
    ['<u>', USER_DEFINED],
  ])
  const [IM_END, X, A_X, U] = [260, 261, 262, 263]

  it('parses user-defined tokens always, control tokens on request', () => {
    const { encode } = createTokenizer(tokenizerMetadata(keys))
    expect(encode('<u>aa')).toEqual([U, AA])
    expect(encode('<x>').length).toBe(3)
    expect(encode('<x>', { parseSpecial: true })).toEqual([X])
  })

  it('prefers the longer of two overlapping tokens, and the earlier of equal ones', () => {
    const { encode } = createTokenizer(tokenizerMetadata(keys))
    expect(encode('a<x>', { parseSpecial: true })).toEqual([A, X])
    expect(encode('a<x>a<x', { parseSpecial: true })).toEqual([A, X, A_X])
  })

  it('marks end-of-generation tokens as control tokens', () => {
    const tokenizer = createTokenizer(tokenizerMetadata({ ...keys, eos_token_id: X }))
    expect([...tokenizer.endOfGeneration].sort()).toEqual([IM_END, X])
    expect(tokenizer.isControl(IM_END)).toBe(true)
    expect(tokenizer.encode('<|im_end|>').length).toBeGreaterThan(1)
    expect(tokenizer.encode('<|im_end|>', { parseSpecial: true })).toEqual([IM_END])
  })

  it('adds BOS and EOS as the file asks, and BOS by default for Llama 3', () => {
    const ids = { bos_token_id: X, eos_token_id: IM_END }
    const encode = (more: Record<string, MetadataValue>) =>
      createTokenizer(tokenizerMetadata({ ...keys, ...ids, ...more })).encode('aa')
    expect(encode({})).toEqual([AA])
    expect(encode({ add_bos_token: true, add_eos_token: true })).toEqual([X, AA, IM_END])
    expect(encode({ pre: 'llama-bpe' })).toEqual([X, AA])
    expect(encode({ pre: 'llama-bpe', add_bos_token: false })).toEqual([AA])
  })

  it("drops whitespace after Phi-3's markers", () => {
    const phi = sentencePieceKeys(['▁', 'a'], [['<|user|>', CONTROL]])
    const encode = (name: string) =>
      createTokenizer(tokenizerMetadata({ ...phi, 'general.name': name })).encode('<|user|> \n a', {
        addSpecial: false,
        parseSpecial: true,
      })
    expect(encode('Phi3')).toEqual([261, 259, 260])
    expect(encode('other')).toEqual([261, 259, 259, 3 + 0x0a, 259, 260])
  })
})

describe('names of object properties', () => {
  it('are tokens and text like any other', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const keys = bytePairKeys(merges, [[names[0], USER_DEFINED]])
    const { encode, decode } = createTokenizer(tokenizerMetadata(keys))
    for (const name of names) expect(decode(encode(name))).toBe(name)
    expect(encode('__proto__')).toEqual([260])
    expect(() => createTokenizer(tokenizerMetadata({ ...keys, pre: 'constructor' }))).toThrow(/constructor/)
  })
})

/** A long list that takes no memory. */
function sparse(length: number): string[] {
  const list = ['a']
  list.length = length
  return list
}

describe('bad input', () => {
  const bpe = bytePairKeys(merges)
  const spm = sentencePieceKeys(['a'])
  const cases: [string, Record<string, MetadataValue | undefined>, string, RegExp][] = [
    ['no model', { ...bpe, model: undefined }, 'MISSING', /tokenizer\.ggml\.model/],
    ['another model', { ...bpe, model: 'rwkv' }, 'UNSUPPORTED', /"rwkv"/],
    ['another pre-tokenizer', { ...bpe, pre: 'kimi-k9' }, 'UNSUPPORTED', /"kimi-k9"/],
    ['no tokens', { ...bpe, tokens: undefined }, 'MISSING', /tokens/],
    ['an empty vocabulary', { ...spm, tokens: [] }, 'BAD_FORMAT', /tokens is empty/],
    ['tokens that are numbers', { ...spm, tokens: Int32Array.of(1) }, 'BAD_FORMAT', /tokens/],
    ['too many tokens', { ...spm, tokens: sparse(2 ** 20 + 1) }, 'LIMIT', /the limit is 1048576/],
    ['one text twice', { ...spm, tokens: [...spm.tokens.slice(0, -1), '<s>'] }, 'BAD_FORMAT', /1 and 259/],
    ['too few scores', { ...spm, scores: new Float32Array(3) }, 'BAD_FORMAT', /scores has 3 entries for 260/],
    ['a score that is NaN', { ...spm, scores: new Float32Array(260).fill(Number.NaN) }, 'BAD_FORMAT', /NaN/],
    ['too few types', { ...spm, token_type: new Int32Array(259) }, 'BAD_FORMAT', /token_type has 259/],
    ['types that are strings', { ...spm, token_type: ['1'] }, 'BAD_FORMAT', /token_type/],
    ['no merges', { ...bpe, merges: undefined }, 'MISSING', /merges/],
    ['EOS below zero', { ...bpe, eos_token_id: -1 }, 'BAD_FORMAT', /eos_token_id is -1/],
    ['EOT between ids', { ...bpe, eot_token_id: 1.5 }, 'BAD_FORMAT', /eot_token_id is 1.5/],
    ['BOS asked for with a number', { ...bpe, add_bos_token: 1 }, 'BAD_FORMAT', /add_bos_token/],
  ]
  it.each(cases)('%s', (_, keys, code, message) => {
    expect(() => createTokenizer(tokenizerMetadata(keys))).toThrow(
      expect.objectContaining({ name: 'DasllamaError', code, message: expect.stringMatching(message) }),
    )
  })

  it('is rejected by encode and decode', () => {
    const tokenizer = createTokenizer(tokenizerMetadata(bpe))
    const invalid = expect.objectContaining({ name: 'DasllamaError', code: 'INVALID_ARGUMENT' })
    for (const text of [undefined, null, 1, ['a']])
      expect(() => tokenizer.encode(text as unknown as string)).toThrow(invalid)
    for (const id of [-1, 260, 1.5, Number.NaN, undefined, '1']) {
      expect(() => tokenizer.decode([id as number])).toThrow(invalid)
      expect(() => tokenizer.piece(id as number)).toThrow(invalid)
      expect(() => tokenizer.createDecoder().push(id as number)).toThrow(invalid)
    }
  })
})
