import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTokenizer } from '../../src/tokenizer/create.js'
import type { TextSegment, Tokenizer } from '../../src/tokenizer/tokenizer.js'
import {
  bytePairKeys,
  CONTROL,
  type ExtraTokens,
  sentencePieceKeys,
  tokenizerMetadata,
  USER_DEFINED,
} from './small-vocabularies.js'

const EXTRA: ExtraTokens = [
  ['<|a|>', CONTROL],
  ['<|b|>', CONTROL],
  ['<mark>', USER_DEFINED],
  ['\n\n', USER_DEFINED],
]
const bytePair = createTokenizer(
  tokenizerMetadata(bytePairKeys(['h e', 'l l', 'he ll', 'hell o', 'Ġ he'], EXTRA)),
)
const sentencePiece = createTokenizer(
  tokenizerMetadata(sentencePieceKeys(['▁', 'h', 'e', 'l', 'o', 'he', 'll', 'hell', '▁he'], EXTRA)),
)
const TOKENIZERS: [string, Tokenizer][] = [
  ['byte-level BPE', bytePair],
  ['SentencePiece', sentencePiece],
]

const trusted = (text: string): TextSegment => ({ text, trusted: true })
const from = (text: string): TextSegment => ({ text, trusted: false })
const idOf = (tokenizer: Tokenizer, text: string) =>
  tokenizer.specialTokens.find((token) => token.text === text)!.id

describe.each(TOKENIZERS)('segments in %s', (_, tokenizer) => {
  const mark = idOf(tokenizer, '<mark>')
  const encode = (segments: TextSegment[], reserved?: ReadonlySet<number>) =>
    tokenizer.encodeSegments(segments, { addBos: false, reserved })
  const plain = (text: string) => tokenizer.encode(text, { addSpecial: false, parseSpecial: true })

  it('are cut into words as one text', () => {
    const text = '<|a|>hell o hello\n\n <|b|>he'
    for (let i = 5; i <= text.indexOf('<|b|>'); i++) {
      const segments = [trusted(text.slice(0, 5)), from(text.slice(5, i)), trusted(text.slice(i))]
      expect(encode(segments), `cut at ${i}`).toEqual(plain(text))
    }
  })

  it('have the ids of the whole text however harmless text is divided', () => {
    const word = fc.constantFrom('he', 'hello', ' ', '\n\n', '\n', 'é', '😀', '▁', '<', '|', 'a', '>')
    const parts = fc.array(
      fc.oneof(word.map(from), word.map(trusted), fc.constantFrom('<|a|>', '<|b|>').map(trusted)),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(parts, (segments) => {
        const text = segments.map((segment) => segment.text).join('')
        const markers = text.match(/<\|[ab]\|>/g)?.length ?? 0
        fc.pre(markers === segments.filter((segment) => /<\|[ab]\|>/.test(segment.text)).length)
        expect(encode(segments)).toEqual(plain(text))
      }),
    )
  })

  it('read control tokens in trusted text only, and whole', () => {
    const isFound = (...segments: TextSegment[]) => encode(segments).includes(idOf(tokenizer, '<|a|>'))
    expect(isFound(trusted('x<|a|>'))).toBe(true)
    expect(isFound(trusted('x<|'), trusted('a|>y'))).toBe(true)
    expect(isFound(from('<|a|>'))).toBe(false)
    expect(isFound(trusted('<|'), from('a'), trusted('|>'))).toBe(false)
    expect(isFound(trusted('<|a|'), from('>'))).toBe(false)
    expect(isFound(from('<'), trusted('|a|>'))).toBe(false)
    expect(isFound(trusted('<|a'), from(''), trusted('|>'))).toBe(true)
    expect(isFound(from('<|a|'), trusted('<|a|>'))).toBe(true)
  })

  it('never have a special token of what is not trusted', () => {
    const piece = fc.constantFrom('<|a|>', '<|b', '|>', '<mark>', '<|', 'a', 'hello', ' ', '\n\n', '>', '<')
    const parts = fc.array(fc.record({ text: piece, trusted: fc.boolean() }), { maxLength: 10 })
    const reserved = new Set([mark])
    const special = new Set(
      tokenizer.specialTokens.flatMap(({ id, isControl }) => (isControl || id === mark ? [id] : [])),
    )
    const count = (ids: number[]) => ids.filter((id) => special.has(id)).length
    fc.assert(
      fc.property(parts, (segments) => {
        const blanked = segments.map((segment) =>
          segment.trusted ? segment : from('x'.repeat(segment.text.length)),
        )
        expect(count(encode(segments, reserved))).toBe(count(encode(blanked, reserved)))
        // SentencePiece puts a space after special tokens.
        const text = segments.map((segment) => segment.text).join('')
        expect(tokenizer.decode(encode(segments, reserved)).replaceAll(' ', '')).toBe(
          text.replaceAll(' ', ''),
        )
      }),
    )
  })

  it('read user-defined tokens anywhere, unless they are reserved', () => {
    expect(encode([from('<mark>')])).toEqual([...plain(''), mark].slice(-1))
    expect(encode([from('<mark>')], new Set([mark]))).not.toContain(mark)
    expect(encode([trusted('<mark>')], new Set([mark]))).toContain(mark)
    expect(encode([from('\n'), trusted('\n')])).toEqual(plain('\n\n'))
  })

  it('use known ids unchanged and continue after them', () => {
    const known = [5, 6, 7]
    const segments = [trusted('<|a|>'), { ...from('whatever'), ids: known }, trusted('<|b|>')]
    expect(encode(segments)).toEqual([idOf(tokenizer, '<|a|>'), ...known, idOf(tokenizer, '<|b|>')])
    const after = encode([{ ...from('x'), ids: known }, trusted('hello')])
    // No space is put before text that goes on.
    expect(tokenizer.createDecoder().push(after[3])).toMatch(/^h/)
    expect(encode([{ ...from(''), ids: [] }, trusted('<|a|>')])).toEqual(plain('<|a|>'))
  })

  it('may be absent, empty or half a character', () => {
    expect(encode([])).toEqual([])
    expect(encode([from(''), trusted('')])).toEqual([])
    expect(encode([from('\ud83d'), trusted('\ude00')])).toEqual(plain('😀'))
    expect(encode([from('\ud83d'), trusted('x')])).toEqual(plain('\ufffdx'))
  })
})

it('BOS is added once before the segments, if the file wants it', () => {
  expect(sentencePiece.encodeSegments([from('he')])[0]).toBe(1)
  expect(sentencePiece.encodeSegments([trusted('<s>'), from('he')])).toEqual([
    1,
    ...sentencePiece.encode('he').slice(1),
  ])
  expect(sentencePiece.encodeSegments([from('<s>')]).filter((id) => id === 1)).toEqual([1])
  expect(bytePair.encodeSegments([from('he')])).toEqual(bytePair.encode('he'))
})

describe("a vocabulary's own merges", () => {
  it('spell control tokens for trusted text and for encode, never for text that is not trusted', () => {
    // Words such as "stop" are one word of the pre-tokenizer, which the merges make into a control token.
    const keys = bytePairKeys(['s t', 'o p', 'st op'])
    const types = keys.token_type
    types[keys.tokens.indexOf('stop')] = CONTROL
    const tokenizer = createTokenizer(tokenizerMetadata(keys))
    const stop = keys.tokens.indexOf('stop')
    const [st, op] = ['st', 'op'].map((text) => keys.tokens.indexOf(text))
    expect(tokenizer.encode('stop', { addSpecial: false })).toEqual([stop])
    expect(tokenizer.encodeSegments([trusted('stop')])).toEqual([stop])
    expect(tokenizer.encodeSegments([from('stop')])).toEqual([st, op])
    expect(tokenizer.encodeSegments([trusted('st'), from('op')])).toEqual([st, op])
    expect(tokenizer.encodeSegments([from('x stop'), trusted(' stop'), from('stop')])).toEqual([
      ...tokenizer.encode('x '),
      st,
      op,
      ...tokenizer.encode(' stop'),
      st,
      op,
    ])
  })

  it('never become reserved tokens, like control tokens', () => {
    for (const keys of [
      bytePairKeys(['< m', '<m >']),
      sentencePieceKeys(['▁', '<', 'm', '>', '<m', '<m>']),
    ]) {
      const id = keys.tokens.indexOf('<m>')
      keys.token_type[id] = USER_DEFINED
      const tokenizer = createTokenizer(tokenizerMetadata(keys))
      const reserved = new Set([id])
      expect(tokenizer.encodeSegments([from('<m>')])).toContain(id)
      expect(tokenizer.encodeSegments([from('<m>')], { reserved })).not.toContain(id)
      expect(tokenizer.decode(tokenizer.encodeSegments([from('<m>')], { reserved, addBos: false }))).toBe(
        '<m>',
      )
    }
  })
})
