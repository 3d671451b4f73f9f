import { expect, it } from 'vitest'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../src/grammar/gbnf.js'
import { bpeTokenizer } from './small-tokenizer.js'

it('the number of stacks is limited', () => {
  const tokenizer = bpeTokenizer()
  const rules = Array.from({ length: 1000 }, (_, i) => `r${i} ::= r${i + 1} "x"?`)
  const source = `root ::= "(" r0 ")"\n${rules.join('\n')}\nr1000 ::= root | "y"`
  const matcher = compileGrammar(tokenizer, parseGbnf(source)).matcher()
  const [open] = tokenizer.encode('(')
  expect(() => {
    for (let i = 0; i < 20_000; i++) matcher.accept(open)
  }).toThrow(expect.objectContaining({ code: 'LIMIT' }))
})
