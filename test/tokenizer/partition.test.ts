import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpecialTokenFinder } from '../../src/tokenizer/partition.js'
import { CONTROL, NORMAL, UNKNOWN, USER_DEFINED } from '../../src/tokenizer/token-attributes.js'
import type { TokenId } from '../../src/tokenizer/tokenizer.js'
import type { Vocabulary } from '../../src/tokenizer/vocabulary.js'
import { splitSlowly } from './partition-reference.js'

/** Texts and attributes as a vocabulary; of equal texts the first one stays. */
function vocabularyOf(tokens: readonly (readonly [text: string, attribute: number])[]): Vocabulary {
  const unique = [...new Map([...tokens].reverse()).entries()].reverse()
  const texts = unique.map(([text]) => text)
  return {
    texts,
    idOf: new Map(texts.map((text, id) => [text, id])),
    attributes: Uint8Array.from(unique, ([, attribute]) => attribute),
    bosId: undefined,
    eosId: undefined,
    separatorId: undefined,
    namedIds: {},
    endOfGeneration: new Set(),
    suppressed: new Set(),
  }
}

/** Few characters, so that tokens overlap, nest and repeat; of one, two, three and four bytes. */
const CHARACTERS = ['a', 'b', ' ', '\n', 'é', '▁', '😀']
const text = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...CHARACTERS), { minLength, maxLength }).map((parts) => parts.join(''))
const tokens = fc.array(
  fc.tuple(text(1, 6), fc.constantFrom(CONTROL, USER_DEFINED, USER_DEFINED, UNKNOWN, NORMAL)),
  { minLength: 1, maxLength: 12 },
)

/** Trusted ranges from 0 on, alternating with untrusted ones. */
function trustOf(borders: readonly number[], length: number) {
  const ends = [...new Set(borders)].sort((a, b) => a - b)
  const passed = (position: number) => ends.filter((end) => end <= position).length
  const trustedEnd = (position: number) =>
    passed(position) % 2 === 0 ? Math.min(length, ends.find((end) => end > position) ?? length) : position
  return { trustedEnd, isTrusted: (start: number, end: number) => trustedEnd(start) >= end }
}

describe('special tokens are found as in the reference, longest first', () => {
  it('in plain text and with control tokens, with and without dropped whitespace', () => {
    fc.assert(
      fc.property(tokens, text(0, 40), fc.boolean(), fc.boolean(), (list, input, parseSpecial, strips) => {
        const stripsRight = (token: string) => strips && token !== 'a'
        const finder = new SpecialTokenFinder(vocabularyOf(list), stripsRight)
        const expected = splitSlowly(
          input,
          finder.tokens,
          ({ isControl }) => parseSpecial || !isControl,
          stripsRight,
        )
        expect(finder.split(input, parseSpecial ? 'everywhere' : 'nowhere')).toEqual(expected)
      }),
      { numRuns: 4000 },
    )
  })

  it('in text of which only a part may contain control tokens', () => {
    fc.assert(
      fc.property(
        tokens,
        text(0, 30),
        fc.array(fc.nat(30), { maxLength: 6 }),
        fc.array(fc.nat(11), { maxLength: 4 }),
        (list, input, borders, reservedIds) => {
          const vocabulary = vocabularyOf(list)
          const finder = new SpecialTokenFinder(vocabulary, () => false)
          const reserved = new Set<TokenId>(reservedIds)
          const { trustedEnd, isTrusted } = trustOf(borders, input.length)
          const expected = splitSlowly(
            input,
            finder.tokens,
            ({ id, isControl }, start, end) => !(isControl || reserved.has(id)) || isTrusted(start, end),
            () => false,
          )
          expect(finder.split(input, { reserved, trustedEnd })).toEqual(expected)
        },
      ),
      { numRuns: 4000 },
    )
  })

  it('where each is the beginning of the next, and a text is full of them', () => {
    const nested = Array.from({ length: 300 }, (_, i) => ['a'.repeat(i + 1), USER_DEFINED] as const)
    const finder = new SpecialTokenFinder(vocabularyOf([...nested, ['ab', USER_DEFINED]]), () => false)
    for (const input of ['a'.repeat(1000), `${'a'.repeat(299)}b`, `${'a'.repeat(700)}b${'a'.repeat(5)}`]) {
      expect(finder.split(input, 'nowhere')).toEqual(
        splitSlowly(
          input,
          finder.tokens,
          () => true,
          () => false,
        ),
      )
    }
  })
})

describe('the order', () => {
  it('goes by bytes, then by ids', () => {
    const list = [
      ['bb', USER_DEFINED],
      ['é', USER_DEFINED],
      ['aaa', USER_DEFINED],
      ['😀', USER_DEFINED],
      ['cc', USER_DEFINED],
    ] as const
    const finder = new SpecialTokenFinder(vocabularyOf(list), () => false)
    expect(finder.tokens.map((token) => token.text)).toEqual(['😀', 'aaa', 'bb', 'é', 'cc'])
  })
})

describe('tokens with too many characters in total', () => {
  it('are rejected before an automaton is built', () => {
    const list = Array.from({ length: 5 }, (_, i) => [`${i}`.repeat(2 ** 20), CONTROL] as const)
    expect(() => new SpecialTokenFinder(vocabularyOf(list), () => false)).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringContaining('5242880 characters') }),
    )
  })
})
