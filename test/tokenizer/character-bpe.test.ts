import { describe, expect, it } from 'vitest'
import type { MetadataValue } from '../../src/gguf/metadata.js'
import { createTokenizer } from '../../src/tokenizer/create.js'
import { CONTROL, sentencePieceKeys, tokenizerMetadata, USER_DEFINED } from './small-vocabularies.js'

const PIECES = ['▁', 'a', 'é', '▁a', 'aé', '\n', '\n\n\n', 'A']
const BYTE = 3
const [SPACE, A, E_ACUTE, SPACE_A, A_E_ACUTE, LINE, LINES, CAPITAL] = PIECES.map((_, i) => 259 + i)
const U = 267
const END = 268
const merges = ['▁ a', 'a é']

function keys(model: string, more: Record<string, MetadataValue | undefined> = {}) {
  const { tokens, token_type } = sentencePieceKeys(PIECES, [
    ['<u>', USER_DEFINED],
    ['<end>', CONTROL],
  ])
  return { model, tokens, token_type, merges, bos_token_id: 1, eos_token_id: 2, ...more }
}

function tokenizer(model: string, more?: Record<string, MetadataValue | undefined>) {
  return createTokenizer(tokenizerMetadata(keys(model, more)))
}

const PLAIN = { addSpecial: false }

describe("Gemma 4's BPE", () => {
  it('merges characters, with U+2581 for spaces and no byte alphabet', () => {
    expect(tokenizer('gemma4').encode('a aé ', PLAIN)).toEqual([A, SPACE_A, E_ACUTE, SPACE])
    expect(tokenizer('gemma4').encode('aé', PLAIN)).toEqual([A_E_ACUTE])
  })

  it('falls back to bytes, and drops those without a token', () => {
    expect(tokenizer('gemma4').encode('€', PLAIN)).toEqual([BYTE + 0xe2, BYTE + 0x82, BYTE + 0xac])
    const without = keys('gemma4')
    without.tokens[BYTE + 0x82] = 'none'
    expect(createTokenizer(tokenizerMetadata(without)).encode('€', PLAIN)).toEqual([BYTE + 0xe2, BYTE + 0xac])
  })

  it('takes a run of line breaks whole if it is a token', () => {
    expect(tokenizer('gemma4').encode('a\n\n\na\n\n', PLAIN)).toEqual([A, LINES, A, LINE, LINE])
  })

  it('always adds BOS, whatever the file says', () => {
    expect(tokenizer('gemma4', { add_bos_token: false }).encode('a')).toEqual([1, A])
    expect(tokenizer('gemma4', { bos_token_id: undefined }).encode('a')).toEqual([A])
  })

  it('decodes to the text', () => {
    const { decode, encode } = tokenizer('gemma4')
    for (const text of [' a  é', '€\n\n\n', '<u> a']) expect(decode(encode(text, PLAIN))).toBe(text)
  })

  it('does not end at "</s>" if it ends at "<|tool_response>"', () => {
    const ends = (extra: string) => {
      const { tokens, token_type } = sentencePieceKeys(PIECES, [[extra, CONTROL]])
      const metadata = tokenizerMetadata({ model: 'gemma4', tokens, token_type, merges })
      return [...createTokenizer(metadata).endOfGeneration]
    }
    expect(ends('<eos>').sort()).toEqual([2, 267])
    expect(ends('<|tool_response>')).toEqual([267])
  })

  it('never makes a control token of text', () => {
    const { encode } = tokenizer('gemma4')
    expect(encode('<end>', PLAIN)).not.toContain(END)
    expect(encode('<end><u>', { ...PLAIN, parseSpecial: true })).toEqual([END, U])
  })

  it('needs merges', () => {
    expect(() => tokenizer('gemma4', { merges: undefined })).toThrow(/tokenizer\.ggml\.merges/)
  })
})

describe('BPE of the words between whitespace', () => {
  it('drops whitespace', () => {
    expect(tokenizer('whitespace', { pre: 'whitespace' }).encode(' a\n\t a\u3000é', PLAIN)).toEqual([
      ...[A, A, E_ACUTE],
    ])
  })

  it('lowercases by default, but not with the pre-tokenizer of its name', () => {
    expect(tokenizer('whitespace', { pre: 'whitespace' }).encode('A', PLAIN)).toEqual([CAPITAL])
    const lowercase = { pre: 'whitespace', 'tokenizer.ggml.normalizer.lowercase': true }
    expect(tokenizer('whitespace', lowercase).encode('A', PLAIN)).toEqual([A])
    expect(tokenizer('whitespace', { pre: 'gpt-2' }).encode('A', PLAIN)).toEqual([A])
  })

  it('keeps untrusted text from control tokens', () => {
    const { encodeSegments } = tokenizer('whitespace', { pre: 'whitespace' })
    const segments = [
      { text: 'a <end> ', trusted: true },
      { text: ' a <end>', trusted: false },
    ]
    const ids = encodeSegments(segments, { addBos: false })
    expect(ids.slice(0, 3)).toEqual([A, END, A])
    expect(ids.slice(3)).not.toContain(END)
  })
})

describe('names of pre-tokenizers', () => {
  it('may allow a file without merges', () => {
    const encode = (pre: string) => tokenizer('gpt2', { pre, merges: undefined }).encode('a', PLAIN)
    expect(encode('kimi-k2')).toEqual([A])
    expect(() => encode('qwen2')).toThrow(/merges/)
  })

  it('may want a separator', () => {
    const addsSeparator = (pre: string, more = {}) =>
      tokenizer('gpt2', { pre, seperator_token_id: 2, ...more }).addsSeparator
    expect(addsSeparator('roberta-bpe')).toBe(true)
    expect(addsSeparator('roberta-bpe', { add_sep_token: false })).toBe(false)
    expect(addsSeparator('gpt-2')).toBe(false)
    expect(addsSeparator('gpt-2', { add_sep_token: true })).toBe(true)
    expect(addsSeparator('roberta-bpe', { seperator_token_id: undefined })).toBe(false)
  })
})
