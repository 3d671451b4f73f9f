import { describe, expect, it } from 'vitest'
import { Charsmap } from '../../src/tokenizer/charsmap.js'
import { charsmapFile, joinCharsmap, unit, valueUnit } from '../support/vocabularies/charsmap-file.js'

const utf8 = new TextEncoder()
const STRINGS = Uint8Array.of(0x78, 0)

function units(length: number, values: Record<number, number>): Uint32Array {
  const array = new Uint32Array(length)
  for (const [index, value] of Object.entries(values)) array[Number(index)] = value
  return array
}

describe('a charsmap', () => {
  it('finds the longest key that a text begins with', () => {
    const map = new Charsmap(
      charsmapFile([
        ['a', '1'],
        ['abc', '222'],
        ['é', ''],
      ]),
    )
    const match = (text: string) => {
      const rule = map.match(utf8.encode(text), 0)
      return rule && [rule.length, new TextDecoder().decode(rule.bytes.subarray(rule.start, rule.end))]
    }
    expect(match('ab')).toEqual([1, '1'])
    expect(match('abcd')).toEqual([3, '222'])
    expect(match('é')).toEqual([2, ''])
    expect(match('b')).toBeUndefined()
    expect(match('')).toBeUndefined()
  })

  it('finds each of many keys', () => {
    const rules = Array.from({ length: 500 }, (_, i) => [String.fromCodePoint(0x60 + i * 7), `${i}`] as const)
    const map = new Charsmap(charsmapFile(rules))
    for (const [key, replacement] of rules) {
      const { length, bytes, start, end } = map.match(utf8.encode(`${key}z`), 0)!
      expect(new TextDecoder().decode(bytes.subarray(start, end))).toBe(replacement)
      expect(length).toBe(utf8.encode(key).length)
    }
  })

  it('may be empty', () => {
    expect(new Charsmap(joinCharsmap(new Uint32Array(0), STRINGS)).match(utf8.encode('a'), 0)).toBeUndefined()
  })

  it('may share branches between keys', () => {
    // "ax" and "bx" lead to the same node: unit 2 ^ 'x'.
    const shared = 2
    const root = 1
    const map = new Charsmap(
      joinCharsmap(
        units(256, {
          0: unit(0, root),
          [root ^ 0x61]: unit(0x61, root ^ 0x61 ^ shared),
          [root ^ 0x62]: unit(0x62, root ^ 0x62 ^ shared),
          [shared ^ 0x78]: unit(0x78, shared ^ 0x78 ^ 4, true),
          4: valueUnit(0),
        }),
        STRINGS,
      ),
    )
    for (const text of ['ax', 'bx']) expect(map.match(utf8.encode(text), 0)?.length).toBe(2)
  })

  const file = charsmapFile([
    ['ab', 'x'],
    ['é', 'yz'],
  ])
  const root = 1
  const a = root ^ 0x61
  const cases: [string, Uint8Array, string, RegExp][] = [
    ['nothing', new Uint8Array(0), 'BAD_FORMAT', /has 0 bytes/],
    ['half a length', file.slice(0, 3), 'BAD_FORMAT', /has 3 bytes/],
    [
      'half an array',
      file.slice(0, 600),
      'BAD_FORMAT',
      /has 600 bytes, too few for a double array of 1024 bytes/,
    ],
    ['an array without replacements', file.slice(0, 4 + 1024), 'BAD_FORMAT', /too few/],
    ['half a replacement', file.slice(0, -1), 'BAD_FORMAT', /ends within a replacement/],
    [
      'a length that is not one of units',
      Uint8Array.of(5, 0, 0, 0, 0, 0, 0, 0, 0, 0),
      'BAD_FORMAT',
      /multiple of 4/,
    ],
    ['a root outside', joinCharsmap(units(256, { 0: unit(0, 300) }), STRINGS), 'BAD_FORMAT', /unit 300/],
    [
      'a child outside',
      joinCharsmap(units(256, { 0: unit(0, root), [a]: unit(0x61, 4096) }), STRINGS),
      'BAD_FORMAT',
      /refers to unit \d+ of its double array, which has 256/,
    ],
    [
      'a value outside',
      joinCharsmap(units(256, { 0: unit(0, root), [a]: unit(0x61, a ^ 2, true), 2: valueUnit(7) }), STRINGS),
      'BAD_FORMAT',
      /refers to byte 7 of its replacements, which have 2/,
    ],
    [
      'a circle',
      joinCharsmap(units(256, { 0: unit(0, root), [a]: unit(0x61, a ^ root) }), STRINGS),
      'BAD_FORMAT',
      /circles/,
    ],
    ['an absurdly long key', charsmapFile([['a'.repeat(257), '']]), 'LIMIT', /more than 256 bytes/],
    ['an absurdly long replacement', charsmapFile([['a', 'b'.repeat(257)]]), 'LIMIT', /more than 256 bytes/],
  ]
  it.each(cases)('is rejected: %s', (_, bytes, code, message) => {
    expect(() => new Charsmap(bytes)).toThrow(
      expect.objectContaining({
        ...{ name: 'DasllamaError', code },
        message: expect.stringMatching(new RegExp(`^tokenizer.ggml.precompiled_charsmap.*${message.source}`)),
      }),
    )
  })

  it('with its last block cut off is rejected by the first text that needs it', () => {
    const map = new Charsmap(joinCharsmap(units(200, { 0: unit(0, root) }), STRINGS))
    expect(map.match(utf8.encode('a'), 0)).toBeUndefined()
    expect(() => map.match(Uint8Array.of(0xf0), 0)).toThrow(/refers to unit 241/)
  })

  it('reads any bytes or rejects them with an error', () => {
    let rejected = 0
    for (let at = 0; at < file.length; at++) {
      const damaged = file.slice()
      damaged[at] ^= 1 << (at % 8)
      try {
        const map = new Charsmap(damaged)
        for (const text of ['ab', 'é', 'zz']) map.match(utf8.encode(text), 0)
      } catch (error) {
        expect(error).toMatchObject({ name: 'DasllamaError' })
        rejected++
      }
    }
    expect(rejected).toBeGreaterThan(0)
  })
})
