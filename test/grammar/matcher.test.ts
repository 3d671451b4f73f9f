import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CompiledGrammar, compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../src/grammar/gbnf.js'
import type { Grammar } from '../../src/grammar/grammar.js'
import { pruned } from '../../src/grammar/rule-analysis.js'
import type { Tokenizer } from '../../src/tokenizer/tokenizer.js'
import { randomGrammar } from './random-grammar.js'
import { judge } from './reference.js'
import { bpeTokenizer, idsIn, spmTokenizer, wordTokenizer } from './small-tokenizer.js'

const TOKENIZERS = { bpe: bpeTokenizer(), spm: spmTokenizer() }

/** A random grammar may, once in ten thousand, have more readings than are followed. */
function unlessAmbiguous(check: () => void): void {
  try {
    check()
  } catch (error) {
    fc.pre((error as { code?: string }).code !== 'LIMIT')
    throw error
  }
}

/** A random walk through a grammar that compares every token with the reference. */
function walk(tokenizer: Tokenizer, grammar: Grammar, compiled: CompiledGrammar, choices: readonly number[]) {
  const { vocabSize, endOfGeneration } = tokenizer
  const matcher = compiled.matcher()
  let bytes: number[] = []
  for (const choice of choices) {
    const now = judge(grammar, Uint8Array.from(bytes))
    expect(matcher.isComplete).toBe(now.whole)
    const expected = Array.from({ length: vocabSize }, (_, id) => id).filter((id) => {
      if (endOfGeneration.has(id)) return now.whole
      const piece = tokenizer.pieceBytes(id, { skipSpecial: true })
      return piece.length > 0 && judge(grammar, Uint8Array.from([...bytes, ...piece])).beginning
    })
    const allowed = idsIn(matcher.mask(), vocabSize)
    expect(allowed).toEqual(expected)
    const texts = allowed.filter((id) => !endOfGeneration.has(id))
    expect(matcher.isExhausted).toBe(texts.length === 0)
    for (const id of endOfGeneration) {
      if (!now.whole) expect(() => matcher.clone().accept(id)).toThrow('does not allow token')
    }
    if (texts.length === 0) return
    const id = texts[choice % texts.length]
    matcher.accept(id)
    bytes = [...bytes, ...tokenizer.pieceBytes(id)]
  }
}

describe.each(Object.entries(TOKENIZERS))('%s', (_, tokenizer) => {
  it('masks are those of a slow recogniser that tries every token', () => {
    fc.assert(
      fc.property(randomGrammar, fc.array(fc.nat(), { minLength: 4, maxLength: 4 }), (grammar, choices) => {
        if (pruned(grammar) === undefined) {
          expect(judge(grammar, new Uint8Array()).beginning).toBe(false)
          expect(() => compileGrammar(tokenizer, grammar)).toThrow('never ends')
          return
        }
        unlessAmbiguous(() => walk(tokenizer, grammar, compileGrammar(tokenizer, grammar), choices))
      }),
      { numRuns: 60 },
    )
  })
})

describe('whole texts', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', 'c', 'ä', '😀', ' ', 'ab', '\u07ff', '\uffff'), {
    maxLength: 6,
  })

  it('are accepted as by the reference recognizer', () => {
    fc.assert(
      fc.property(randomGrammar, fc.array(letters, { minLength: 20, maxLength: 20 }), (grammar, texts) => {
        if (pruned(grammar) === undefined) return
        unlessAmbiguous(() => {
          const compiled = compileGrammar(TOKENIZERS.bpe, grammar)
          for (const text of texts.map((parts) => parts.join(''))) {
            expect(compiled.matches(text), text).toBe(judge(grammar, new TextEncoder().encode(text)).whole)
          }
        })
      }),
      { numRuns: 150 },
    )
  })
})

describe('a matcher', () => {
  const tokenizer = TOKENIZERS.bpe
  const token = (text: string) => {
    const ids = tokenizer.encode(text)
    expect(ids).toHaveLength(1)
    return ids[0]
  }

  it('accepts tokens that end within a character', () => {
    const matcher = compileGrammar(tokenizer, parseGbnf('root ::= [ä😀]{2}')).matcher()
    const pieces = () => idsIn(matcher.mask(), tokenizer.vocabSize).map((id) => [...tokenizer.pieceBytes(id)])
    expect(pieces()).toEqual([[0xc3], [0xf0], [0xc3, 0xa4], [0xf0, 0x9f], [0xf0, 0x9f, 0x98]])
    matcher.accept(0xf0)
    expect(pieces()).toEqual([[0x9f]])
    for (const byte of [0x9f, 0x98]) matcher.accept(byte)
    expect(pieces()).toEqual([[0x80]])
    matcher.accept(0x80)
    expect(matcher.isComplete).toBe(false)
    matcher.accept(token('ä'))
    expect(matcher.isComplete && matcher.isExhausted).toBe(true)
  })

  it('has clones that go their own way', () => {
    const matcher = compileGrammar(tokenizer, parseGbnf('root ::= "a"+ | "b"')).matcher()
    const before = matcher.clone()
    matcher.accept(token('a'))
    expect(before.isComplete).toBe(false)
    before.accept(token('b'))
    expect([matcher.isExhausted, before.isExhausted]).toEqual([false, true])
  })

  it('rejects tokens that are not allowed', () => {
    const matcher = compileGrammar(tokenizer, parseGbnf('root ::= "ab"')).matcher()
    const [end] = tokenizer.endOfGeneration
    for (const id of [token('b'), token('aba'), end]) {
      expect(() => matcher.accept(id)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
    }
    matcher.accept(token('ab'))
    matcher.accept(end)
  })

  it('treats user-defined tokens as their text and excludes control tokens', () => {
    const matcher = compileGrammar(tokenizer, parseGbnf('root ::= .*')).matcher()
    const allowed = idsIn(matcher.mask(), tokenizer.vocabSize)
    const [tag] = tokenizer.encode('<tag>', { parseSpecial: true })
    expect(allowed).toContain(tag)
    expect(compileGrammar(tokenizer, parseGbnf('root ::= "x"')).matcher().mask()).not.toContain(tag)
    const inside = compileGrammar(tokenizer, parseGbnf('root ::= "<|eos|>"')).matcher()
    expect(idsIn(inside.mask(), tokenizer.vocabSize)).toEqual([token('<')])
  })

  it('continues after the cache of its grammar was reset', () => {
    // Each position is a distinct set, and each level below it another one.
    const grammar = parseGbnf('root ::= "(" root ")" | [ab]{0,9999}')
    const compiled = compileGrammar(tokenizer, grammar)
    const matcher = compiled.matcher()
    const [open, close, a, b] = ['(', ')', 'a', 'b'].map(token)
    for (let i = 0; i < 40; i++) matcher.accept(open)
    const waiting = matcher.clone()
    for (let round = 0; round < 3; round++) {
      const other = compiled.matcher()
      for (let i = 0; i < 200 * (round + 1); i++) other.accept(open)
      for (let i = 0; i < 9990; i++) other.accept(i % 2 === 0 ? a : b)
      expect(idsIn(other.mask(), tokenizer.vocabSize)).toContain(close)
    }
    expect(idsIn(waiting.mask(), tokenizer.vocabSize)).toContain(close)
    for (let i = 0; i < 40; i++) waiting.accept(close)
    expect(waiting.isComplete).toBe(true)
  })

  it('needs constant memory for right recursion', () => {
    const compiled = compileGrammar(tokenizer, parseGbnf('root ::= "a" root | "b"'))
    const matcher = compiled.matcher()
    const [a, b] = ['a', 'b'].map(token)
    for (let i = 0; i < 5000; i++) matcher.accept(a)
    matcher.accept(b)
    expect(matcher.isComplete).toBe(true)
  })

  it('follows nesting without end', () => {
    const matcher = compileGrammar(tokenizer, parseGbnf('root ::= "(" root ")" | "a"')).matcher()
    const [open, close, a] = ['(', ')', 'a'].map(token)
    for (let i = 0; i < 100_000; i++) matcher.accept(open)
    expect(idsIn(matcher.mask(), tokenizer.vocabSize)).toEqual([open, a])
    matcher.accept(a)
    for (let i = 0; i < 100_000; i++) matcher.accept(close)
    expect(matcher.isComplete && matcher.isExhausted).toBe(true)
  })
})

describe('limits', () => {
  it.each([
    ['states', `root ::= ${Array.from({ length: 25 }, (_, i) => `[a-c${i}]{9999}`).join(' ')}`, 'states'],
    ['simultaneous parses', 'root ::= ("a"{0,9999}){0,9999}', 'simultaneous parses'],
  ])('%s', (_, source, message) => {
    expect(() => compileGrammar(TOKENIZERS.bpe, parseGbnf(source)).matcher()).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringContaining(message) }),
    )
  })

  it('readings of all the beginnings of tokens', () => {
    // Nearly all words differ in their letters' distances, and each has thousands of parses.
    const letters = 'abcdef'
    const ways = [...letters].map((letter) => `([a-f]* "${letter}" ([a-f]?){600})`)
    const words = Array.from({ length: 6 ** 5 }, (_, i) =>
      i
        .toString(6)
        .padStart(5, '0')
        .replaceAll(/./g, (digit) => letters[Number(digit)]),
    )
    const matcher = compileGrammar(wordTokenizer(words), parseGbnf(`root ::= ${ways.join(' | ')}`)).matcher()
    expect(() => matcher.mask()).toThrow(
      expect.objectContaining({ code: 'LIMIT', message: expect.stringContaining('readings') }),
    )
  })
})
