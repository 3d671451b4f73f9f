/** Compares our GBNF with llama.cpp's: which texts a grammar accepts. */
import fc from 'fast-check'
import type { LlamaGrammar } from 'node-llama-cpp'
import { beforeAll, describe, expect, it } from 'vitest'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../src/grammar/gbnf.js'
import { ARITHMETIC, JSON_GBNF, SENTENCES } from '../grammar/grammars.js'
import { bpeTokenizer } from '../grammar/small-tokenizer.js'
import { startLlama } from './llama-cpp.js'

let accepts: (grammar: string, texts: readonly string[]) => Promise<boolean[]>

beforeAll(async () => {
  const llama = await startLlama()
  accepts = async (grammar, texts) => {
    // Not in its types, but its own tests use it.
    type Testable = LlamaGrammar & { _testText(text: string): boolean }
    const compiled = (await llama.createGrammar({ grammar })) as Testable
    return texts.map((text) => compiled._testText(text))
  }
})

const GRAMMARS: readonly [string, readonly string[]][] = [
  [ARITHMETIC, ['a=', 'a', 'b=a', '=', '1', '20', '+', '*', '(', ')', '-']],
  [
    JSON_GBNF,
    ['{', '}', '[', ']', '"a"', ':', ',', ' ', '1', '-', '.5', 'e9', 'true', 'null', '\n', '\\u00e4', '{}'],
  ],
  [SENTENCES, ['A', 'Ä', 'b', 'ß', '😀', '.', '!', ' ', '.5', '\n']],
  ['root ::= ("a"{2,3} | "b"?){1,2} [^ac-e]', ['a', 'b', 'c', 'd', 'x', 'ü']],
  ['root ::= [a-] [\\x41-\\x43] "\\u00e4\\t" .', ['a', '-', 'A', 'ä\t', 'C', '.', '\n']],
  ['root ::= [a-c\\-]+ [^\\-\\]x]', ['a', 'c', '-', '--', ']', 'x', 'q']],
  ['root ::= [a\\-c]{2,} "\\-\\[\\]"', ['a', '-', 'b', 'c', '-[]', '[']],
  ['root ::= [+\\--/]+', ['+', '-', '.', '/', ',', '0']],
  ['root ::= "\\U0001F600" [\\u00e0-\\u00ff]*', ['😀', 'à', 'ÿ', 'Ā', 'a']],
  ['root ::= ("a"{2} "b"?){0,2} # ends\n', ['a', 'aa', 'b', 'aab']],
  ['root ::= ("a"{2}){3} "b"{0,}', ['a', 'aa', 'aaaaaa', 'b']],
  ['root ::= "x" (\n  "a" |\n  [0-9]{1,3} # digits\n)* "."', ['x', 'a', '1', '23', '456', '.']],
]

describe.each(GRAMMARS)('%j', (grammar, parts) => {
  it('accepts the same texts', async () => {
    const compiled = compileGrammar(bpeTokenizer(), parseGbnf(grammar))
    const random = fc.sample(fc.array(fc.constantFrom(...parts), { maxLength: 9 }), {
      numRuns: 3000,
      seed: 1,
    })
    const texts = [...new Set(random.map((pieces) => pieces.join('')))]
    const ours = texts.map((text) => compiled.matches(text))
    const theirs = await accepts(grammar, texts)
    expect(texts.filter((_, i) => ours[i] !== theirs[i])).toEqual([])
    expect(ours).toContain(true)
    expect(ours).toContain(false)
  })
})
