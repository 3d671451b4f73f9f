import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../src/grammar/gbnf.js'
import { DasllamaError } from '../../src/index.js'
import { bpeTokenizer } from '../grammar/small-tokenizer.js'
import { checkTexts } from './check-texts.js'
import { testKind } from './kind.js'

const tokenizer = bpeTokenizer()

interface Case {
  readonly grammar: string
  readonly accepts: readonly string[]
  readonly rejects: readonly string[]
}

function attempt({ grammar, ...texts }: Case): void {
  checkTexts(compileGrammar(tokenizer, parseGbnf(grammar)), texts)
}

testKind(
  'gbnf: escapes',
  [
    { grammar: 'root ::= [a-z\\-]+', accepts: ['a-b', 'ab'], rejects: ['A'] },
    { grammar: 'root ::= [a\\-z]+', accepts: ['a-z'], rejects: ['b'] },
    { grammar: 'root ::= "a\\-b"', accepts: ['a-b'], rejects: ['ab', 'a\\-b'] },
    { grammar: 'root ::= [+\\--/]+', accepts: ['+-./'], rejects: [',', '0'] },
    { grammar: 'root ::= [^\\-\\]]', accepts: ['a', '\\'], rejects: ['-', ']'] },
    { grammar: 'root ::= "\\x41\\u0042\\U00000043"', accepts: ['ABC'], rejects: ['x41'] },
    { grammar: 'root ::= [\\x61-\\u0063]', accepts: ['a', 'c'], rejects: ['d'] },
    { grammar: 'root ::= "\\[\\]\\"\\\\\\n\\r\\t"', accepts: ['[]"\\\n\r\t'], rejects: ['[]'] },
    { grammar: 'root ::= [\\[\\]"]', accepts: ['[', ']', '"'], rejects: ['\\'] },
  ],
  attempt,
)

testKind(
  'gbnf: repetitions',
  [
    { grammar: 'root ::= "a"{3}', accepts: ['aaa'], rejects: ['aa', 'aaaa'] },
    { grammar: 'root ::= "a"{2,}', accepts: ['aa', 'aaaaa'], rejects: ['a'] },
    { grammar: 'root ::= "a"{0,2}', accepts: ['', 'aa'], rejects: ['aaa'] },
    { grammar: 'root ::= "a"{,2}', accepts: ['', 'aa'], rejects: ['aaa'] },
    { grammar: 'root ::= "a"{2}{3}', accepts: ['aaaaaa'], rejects: ['aaaa'] },
    {
      grammar: 'root ::= (("a" "b"?){2} # two\n "c"){1,2}',
      accepts: ['aac', 'abacaabc'],
      rejects: ['ac', 'aacaacaac'],
    },
    { grammar: 'root ::= ([a-c] | "x" [0-9]{2})* "."', accepts: ['.', 'abx12.'], rejects: ['x1.'] },
    {
      grammar: 'root ::= "a"{10200}',
      accepts: ['a'.repeat(10200)],
      rejects: ['a'.repeat(10199), 'a'.repeat(10201)],
    },
    {
      grammar: 'root ::= "ab"{0,10500} "c"',
      accepts: ['c', `${'ab'.repeat(10500)}c`],
      rejects: [`${'ab'.repeat(10501)}c`, 'ac'],
    },
    {
      grammar: 'root ::= [a-z]{10300,10307}',
      accepts: ['q'.repeat(10300), 'q'.repeat(10307)],
      rejects: ['q'.repeat(10299), 'q'.repeat(10308)],
    },
    {
      grammar: 'root ::= "a"{10400,} "b"',
      accepts: [`${'a'.repeat(10500)}b`],
      rejects: [`${'a'.repeat(10399)}b`],
    },
    {
      grammar: 'root ::= (item{100,200}){2,99999}\nitem ::= "a"',
      accepts: ['a'.repeat(200), 'a'.repeat(900)],
      rejects: ['a'.repeat(199)],
    },
    { grammar: 'root ::= "a"{0,99999999999}', accepts: ['', 'aaa'], rejects: ['b'] },
  ],
  attempt,
)

testKind<{ grammar: string; code: string; says: string }>(
  'gbnf: errors name line and column',
  [
    {
      grammar: 'root ::= "a"\n  x ::= [a',
      code: 'INVALID_ARGUMENT',
      says: 'grammar, line 2, column 9: the class has no end',
    },
    {
      grammar: 'root ::= "\\-\\q"',
      code: 'INVALID_ARGUMENT',
      says: 'line 1, column 13: there is no escape \\q',
    },
    {
      grammar: 'root ::= a\r\na ::= b',
      code: 'INVALID_ARGUMENT',
      says: 'line 2, column 7: there is no rule "b"',
    },
    { grammar: 'root ::= "a"{1000001}', code: 'LIMIT', says: 'line 1, column 14: 1000001 repetitions' },
    {
      grammar: 'root ::= "a"{3,1}',
      code: 'INVALID_ARGUMENT',
      says: 'line 1, column 13: the repetition {3,1}',
    },
    {
      grammar: 'root ::= "x" <[123]> "y"',
      code: 'UNSUPPORTED',
      says: 'line 1, column 14: tokens by name or number (<[123]>)',
    },
    {
      grammar: 'root ::= "x" !<think>',
      code: 'UNSUPPORTED',
      says: 'line 1, column 14: tokens by name or number (!<think>)',
    },
    {
      grammar: 'root ::= <|im_end|>',
      code: 'UNSUPPORTED',
      says: 'line 1, column 10: tokens by name or number (<|im_end|>)',
    },
  ],
  ({ grammar, code, says }) => {
    try {
      parseGbnf(grammar)
    } catch (error) {
      if (!(error instanceof DasllamaError)) throw error
      if (error.code !== code || !error.message.includes(says))
        throw new Error(`${error.code}: ${error.message}`)
      return
    }
    throw new Error('was accepted')
  },
)
