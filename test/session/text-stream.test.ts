import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StopMatcher } from '../../src/session/stop-matcher.js'
import { type TextPiece, TextStream } from '../../src/session/text-stream.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'

const encoder = new TextEncoder()

/** A tokenizer whose token i stands for the i-th of these byte strings. */
function tokenizerOf(tokens: readonly Uint8Array[]): Tokenizer {
  const decoderOf = () => {
    const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
    return {
      push: (id: number) => utf8.decode(tokens[id], { stream: true }),
      end: () => utf8.decode(),
    }
  }
  return {
    pieceBytes: (id: number) => tokens[id],
    createDecoder: decoderOf,
  } as Partial<Tokenizer> as Tokenizer
}

interface Outcome {
  readonly pieces: readonly TextPiece[]
  /** How many tokens had come out after each push. */
  readonly settled: readonly number[]
  readonly stoppedBy: string | undefined
}

/** Pushes tokens until a stop string is found or there are no more. */
function stream(tokens: readonly Uint8Array[], stops: readonly string[]): Outcome {
  const text = new TextStream(tokenizerOf(tokens), new StopMatcher(stops))
  const pieces: TextPiece[] = []
  const settled: number[] = []
  for (let id = 0; id < tokens.length && text.stoppedBy === undefined; id++) {
    pieces.push(...text.push(id))
    settled.push(pieces.length)
  }
  pieces.push(...text.end())
  return { pieces, settled, stoppedBy: text.stoppedBy }
}

const joined = (pieces: readonly TextPiece[]) => pieces.map(({ piece }) => piece).join('')
const texts = (...parts: string[]) => parts.map((part) => encoder.encode(part))

/** What the text up to the first complete stop string is, found character by character. */
function reference(text: string, stops: readonly string[]): { text: string; stoppedBy: string | undefined } {
  for (let end = 1; end <= text.length; end++) {
    const [longest] = stops
      .filter((stop) => text.slice(0, end).endsWith(stop))
      .sort((a, b) => b.length - a.length)
    if (longest) return { text: text.slice(0, end - longest.length), stoppedBy: longest }
  }
  return { text, stoppedBy: undefined }
}

/** Few letters, so that stops begin, fail and overlap often; characters of one to four bytes. */
const LETTERS = ['a', 'b', 'é', '€', '😀']
const letters = (minLength: number, maxLength: number) =>
  fc.array(fc.constantFrom(...LETTERS), { minLength, maxLength }).map((list) => list.join(''))

/** A text cut into tokens at random bytes. */
const cutText = fc
  .tuple(letters(0, 24), fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 100, maxLength: 100 }))
  .map(([text, lengths]) => {
    const bytes = encoder.encode(text)
    const tokens: Uint8Array[] = []
    for (let at = 0, i = 0; at < bytes.length; at += lengths[i++])
      tokens.push(bytes.slice(at, at + lengths[i]))
    return { text, tokens }
  })

describe('the text of tokens', () => {
  it('comes in pieces, a token each, without a stop', () => {
    const { pieces, settled } = stream(texts('Once', ' upon', ' a'), [])
    expect(pieces).toEqual([
      { id: 0, piece: 'Once' },
      { id: 1, piece: ' upon' },
      { id: 2, piece: ' a' },
    ])
    expect(settled).toEqual([1, 2, 3])
  })

  it('waits within a character, and at the very end shows what is missing', () => {
    const [first, second, third] = encoder.encode('€')
    const whole = stream([Uint8Array.of(0x41, first), Uint8Array.of(second), Uint8Array.of(third)], [])
    expect(whole.pieces.map(({ piece }) => piece)).toEqual(['A', '', '€'])
    expect(whole.settled).toEqual([0, 1, 3])
    const half = stream([Uint8Array.of(0x41, first), Uint8Array.of(second)], [])
    expect(half.pieces.map(({ piece }) => piece)).toEqual(['A', '\ufffd'])
    expect(stream([Uint8Array.of(0x41)], []).settled).toEqual([1])
  })

  it('does not wait for a character that cannot come any more', () => {
    const { pieces, settled } = stream([Uint8Array.of(0xe2, 0x41), Uint8Array.of(0x80)], [])
    expect(settled).toEqual([1, 2])
    expect(joined(pieces)).toBe('\ufffdA\ufffd')
  })

  it('is, in any bytes, what a decoder makes of them at once, and every token has a piece', () => {
    const anything = fc.array(fc.uint8Array({ minLength: 0, maxLength: 5 }), { maxLength: 12 })
    fc.assert(
      fc.property(anything, (tokens) => {
        const { pieces } = stream(tokens, [])
        expect(pieces.map(({ id }) => id)).toEqual(tokens.map((_, id) => id))
        const bytes = tokens.flatMap((token) => [...token])
        const whole = new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(bytes))
        // Without a token there is no place for what a decoder says at the end.
        expect(joined(pieces)).toBe(tokens.length === 0 ? '' : whole)
      }),
      { seed: 1, numRuns: 500 },
    )
  })
})

describe('a stop string', () => {
  it('within a token, across tokens, and not complete', () => {
    expect(stream(texts('one, two', ' three'), [', '])).toMatchObject({
      pieces: [{ piece: 'one' }],
      stoppedBy: ', ',
    })
    expect(stream(texts('one', ' EN', 'D', ' and'), ['END'])).toEqual({
      pieces: [
        { id: 0, piece: 'one' },
        { id: 1, piece: ' ' },
        { id: 2, piece: '' },
      ],
      settled: [1, 1, 3],
      stoppedBy: 'END',
    })
    expect(stream(texts('one', ' EN', 'DE'), ['END.'])).toEqual({
      pieces: [
        { id: 0, piece: 'one' },
        { id: 1, piece: ' EN' },
        { id: 2, piece: 'DE' },
      ],
      // "E" may begin another one.
      settled: [1, 1, 2],
      stoppedBy: undefined,
    })
  })

  it('begins again within itself', () => {
    expect(stream(texts('a', 'a', 'a', 'b'), ['aab'])).toMatchObject({ stoppedBy: 'aab' })
    expect(joined(stream(texts('a', 'a', 'a', 'b'), ['aab']).pieces)).toBe('a')
  })

  it('counts when it is complete, before others that began earlier', () => {
    expect(stream(texts('xyz'), ['xyz!', 'yz'])).toMatchObject({ pieces: [{ piece: 'x' }], stoppedBy: 'yz' })
    expect(stream(texts('xyz'), ['yz', 'xyz'])).toMatchObject({ pieces: [{ piece: '' }], stoppedBy: 'xyz' })
  })

  it('ends the text at the same place however the tokens are cut', () => {
    fc.assert(
      fc.property(cutText, fc.array(letters(1, 4), { maxLength: 4 }), ({ text, tokens }, stops) => {
        const { pieces, stoppedBy } = stream(tokens, stops)
        expect({ text: joined(pieces), stoppedBy }).toEqual(reference(text, stops))
        expect(pieces.map(({ id }) => id)).toEqual(pieces.map((_, id) => id))
      }),
      { seed: 1, numRuns: 2000 },
    )
  })

  it('holds back only what it may begin with', () => {
    fc.assert(
      fc.property(cutText, fc.array(letters(1, 4), { maxLength: 3 }), ({ tokens }, stops) => {
        const { settled, stoppedBy } = stream(tokens, stops)
        const pushes = stoppedBy === undefined ? settled.length : settled.length - 1
        for (let count = 1; count <= pushes; count++) {
          const bytes = (list: readonly Uint8Array[]) => Uint8Array.from(list.flatMap((token) => [...token]))
          const decoder = new TextDecoder()
          const before = decoder.decode(bytes(tokens.slice(0, settled[count - 1])), { stream: true })
          const held = decoder.decode(bytes(tokens.slice(settled[count - 1], count)), { stream: true })
          const rest = decoder.decode()
          const mayBegin = (end: string) => end !== '' && stops.some((stop) => stop.startsWith(end))
          const ends = [...held].map((_, i) => [...held].slice(i).join(''))
          // Something is held if and only if a stop may have begun in its first token, or a character has.
          const isHeld = settled[count - 1] < count
          if (isHeld) expect(rest !== '' || ends.some(mayBegin), `${before}|${held}`).toBe(true)
          else expect(rest).toBe('')
        }
      }),
      { seed: 2, numRuns: 1000 },
    )
  })
})
