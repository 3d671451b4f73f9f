import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { bytePairKeys, CONTROL, sentencePieceKeys, tokenizerMetadata } from './small-vocabularies.js'

/** In this vocabulary the ids up to 255 are the bytes. */
const bytewise = createTokenizer(tokenizerMetadata(bytePairKeys([], [['<x>', CONTROL]])))

describe('stream decoder', () => {
  it('returns a character with its last byte', () => {
    const stream = bytewise.createDecoder()
    expect([0xf0, 0x9f, 0x98, 0x80].map((id) => stream.push(id))).toEqual(['', '', '', '😀'])
    expect(stream.end()).toBe('')
  })

  it('replaces what stays incomplete at the end', () => {
    const stream = bytewise.createDecoder()
    expect([0x61, 0xe2, 0x82].map((id) => stream.push(id)).join('')).toBe('a')
    expect(stream.end()).toBe('\ufffd')
  })

  it('gives the same text as decoding all bytes at once, whatever they are', () => {
    const lead = fc.constantFrom(0x80, 0xbf, 0xc0, 0xc3, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xff, 0xbb)
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(255), lead), { maxLength: 40 }), (bytes) => {
        const expected = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))
        const stream = bytewise.createDecoder()
        expect(bytes.map((id) => stream.push(id)).join('') + stream.end()).toBe(expected)
        expect(bytewise.decode(bytes)).toBe(expected)
      }),
      { numRuns: 2000 },
    )
  })

  it('skips control tokens on request; one ends an incomplete character', () => {
    const ids = [0x61, 256, 0x62]
    expect(bytewise.decode(ids)).toBe('a<x>b')
    expect(bytewise.decode(ids, { skipSpecial: true })).toBe('ab')
    expect(bytewise.decode([0xe2, 256, 0x61])).toBe('\ufffd<x>a')
  })

  it('keeps the space before a word, which continues a text', () => {
    const { createDecoder, decode } = createTokenizer(tokenizerMetadata(sentencePieceKeys(['▁a'])))
    expect(createDecoder().push(259)).toBe(' a')
    expect(decode([259])).toBe('a')
  })
})

describe('round trip', () => {
  it('gives back any text, with U+FFFD for lone surrogates and, in SentencePiece, spaces for U+2581', () => {
    const sentencePiece = createTokenizer(tokenizerMetadata(sentencePieceKeys(['▁', 'a', '▁a', 'e'])))
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat(0xffff)), (text, units) => {
        for (const tried of [text, String.fromCharCode(...units)]) {
          const expected = tried.replace(/[\ud800-\udfff]/gu, '\ufffd')
          const there = (tokenizer: Tokenizer) =>
            tokenizer.decode(tokenizer.encode(tried), { skipSpecial: true })
          expect(there(bytewise)).toBe(expected)
          // SentencePiece spells spaces with this character, so it cannot distinguish the two.
          expect(there(sentencePiece)).toBe(expected.replaceAll('\u2581', ' '))
        }
      }),
      { numRuns: 500, examples: [['a\u2581b', [0x2581]]] },
    )
  })
})

describe('pieces', () => {
  it('are bytes, and text with half characters replaced', () => {
    expect(bytewise.pieceBytes(0xe2)).toEqual(Uint8Array.of(0xe2))
    expect(bytewise.piece(0xe2)).toBe('\ufffd')
    expect(bytewise.piece(256)).toBe('<x>')
    expect(bytewise.pieceBytes(256, { skipSpecial: true }).length).toBe(0)
  })
})
