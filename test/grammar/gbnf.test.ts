import { describe, expect, it } from 'vitest'
import { compileGrammar } from '../../src/grammar/compiled-grammar.js'
import { parseGbnf } from '../../src/grammar/gbnf.js'
import { MAX_DEPTH, MAX_RULES, MAX_SOURCE_LENGTH } from '../../src/grammar/limits.js'
import { ARITHMETIC, JSON_GBNF } from './grammars.js'
import { bpeTokenizer } from './small-tokenizer.js'

const tokenizer = bpeTokenizer()

describe('GBNF', () => {
  it.each<[grammar: string, whole: readonly string[], not: readonly string[]]>([
    ['root ::= "a"', ['a'], ['', 'aa', 'A']],
    ['root ::= ""', [''], ['a']],
    ['root ::=', [''], ['a']],
    ['root ::= |"a"', ['', 'a'], ['b']],
    ['root ::= "a" "b" | "c"', ['ab', 'c'], ['ac', 'abc']],
    ['root ::= ("a" | "b") "c"', ['ac', 'bc'], ['a', 'abc']],
    ['root ::= (\n  "a" # one\n  | # two\n  "b"\n)', ['a', 'b'], ['']],
    ['root ::= "a" |\n  "b" |\n\n "c"\n', ['a', 'b', 'c'], ['']],
    ['root ::=\n  "a"', ['a'], []],
    ['# a comment\nroot ::= x # and one\n# and one\nx ::= "a"', ['a'], []],
    ['\n\n  root ::= x-1\n  x-1 ::= "a"\r\n', ['a'], []],
    ['root ::= "a"*', ['', 'a', 'aaaa'], ['b']],
    ['root ::= "a"+', ['a', 'aaaa'], ['']],
    ['root ::= "a"? "b"', ['b', 'ab'], ['aab']],
    ['root ::= "a" * "b"', ['b', 'aab'], ['a']],
    ['root ::= "a"{2}', ['aa'], ['a', 'aaa', '']],
    ['root ::= "a"{2,}', ['aa', 'aaaaa'], ['a']],
    ['root ::= "a"{1,3}', ['a', 'aaa'], ['', 'aaaa']],
    ['root ::= "a"{ 1 , 3 }', ['a', 'aaa'], ['', 'aaaa']],
    ['root ::= "a"{,2}', ['', 'aa'], ['aaa']],
    ['root ::= "a"{2}{3}', ['aaaaaa'], ['aaaaa', 'aa']],
    ['root ::= "a"+?', ['', 'aa'], ['b']],
    ['root ::= "a"{0}', [''], ['a']],
    ['root ::= ("ab"? "c"){0,2}', ['', 'c', 'abcc', 'abcabc'], ['ab', 'ccc']],
    ['root ::= ("a"*)*', ['', 'aaa'], ['b']],
    ['root ::= [a-c]', ['a', 'b', 'c'], ['d', '-', '']],
    ['root ::= [a-]', ['a', '-'], ['b']],
    ['root ::= [-a]', ['a', '-'], ['b']],
    ['root ::= [a-cx-z0]', ['b', 'y', '0'], ['d', '1']],
    ['root ::= [^a-c]', ['d', 'ä', '😀', '\n'], ['a', 'c', '']],
    ['root ::= [a^]', ['a', '^'], ['b']],
    [String.raw`root ::= [\]\[\\\n]`, [']', '[', '\\', '\n'], ['n']],
    [String.raw`root ::= [\x41-\x43]`, ['A', 'C'], ['D', 'x']],
    ['root ::= [ä-ü]', ['ä', 'ö'], ['a', 'ý']],
    ['root ::= [\u0000-\u{10ffff}]', ['a', '\0', '\ud7ff', '\ue000', '\u{10ffff}'], ['']],
    ['root ::= .', ['a', '\n', 'ä', '😀'], ['', 'ab']],
    [String.raw`root ::= "\"\\\n\r\t\[\]"`, ['"\\\n\r\t[]'], []],
    [String.raw`root ::= "\x41\u00e4\U0001F600"`, ['Aä😀'], []],
    ['root ::= "two\nlines"', ['two\nlines'], []],
    ['root ::= "ä😀"', ['ä😀'], ['ä']],
    ['root ::= "(" root ")" | "x"', ['x', '((x))'], ['(x', 'x)']],
    ['root ::= "a" root | ""', ['', 'aaa'], ['b']],
    ['root ::= a\na ::= b c\nb ::= "x"?\nc ::= "y" | "x" c', ['y', 'xy', 'xxy'], ['x']],
    // Alternatives that never end are ignored.
    ['root ::= "a" | endless\nendless ::= "b" endless', ['a'], ['b', 'bb']],
    [ARITHMETIC, ['x=1+2', 'abc=(1+20)*x'], ['1=x', 'x=1+', 'x=()']],
    [
      JSON_GBNF,
      ['{}', '{"a": [1, 2.5e3, "\\u00e4", {"b": null}]}'],
      ['[]', '{"a": }', '{"a": 01}', '{a: 1}'],
    ],
  ])('%j', (source, whole, not) => {
    const compiled = compileGrammar(tokenizer, parseGbnf(source))
    expect(whole.filter((text) => !compiled.matches(text))).toEqual([])
    expect(not.filter((text) => compiled.matches(text))).toEqual([])
  })
})

describe('GBNF refused', () => {
  it.each<[grammar: string, code: string, message: string]>([
    ['', 'INVALID_ARGUMENT', 'the grammar has no rule "root"'],
    ['start ::= "a"', 'INVALID_ARGUMENT', 'the grammar has no rule "root"'],
    ['root ::= "a" x\ny ::= "b"', 'INVALID_ARGUMENT', 'line 1, column 14: there is no rule "x"'],
    ['root ::= "a"\nroot ::= "b"', 'INVALID_ARGUMENT', 'line 2, column 1: the rule "root" is defined twice'],
    ['root = "a"', 'INVALID_ARGUMENT', 'line 1, column 6: expected ::= after "root", found "="'],
    ['my_rule ::= "a"', 'INVALID_ARGUMENT', 'line 1, column 3: expected ::= after "my", found "_"'],
    ['root ::= "a"\n  | "b"', 'INVALID_ARGUMENT', 'line 2, column 3: expected the name of a rule, found "|"'],
    ['root ::= "a', 'INVALID_ARGUMENT', 'line 1, column 10: the literal has no end'],
    ['root ::= [a', 'INVALID_ARGUMENT', 'line 1, column 10: the class has no end'],
    ['root ::= [a-', 'INVALID_ARGUMENT', 'line 1, column 10: the class has no end'],
    ['root ::= []', 'INVALID_ARGUMENT', 'column 10: the class is empty'],
    ['root ::= [z-a]', 'INVALID_ARGUMENT', 'column 11: the range ends before it begins'],
    [
      'root ::= ("a"',
      'INVALID_ARGUMENT',
      'line 1, column 14: expected ) for the group of line 1, column 10, found the end',
    ],
    [
      'root ::= ("a"\n x ::= "b"',
      'INVALID_ARGUMENT',
      'line 2, column 4: expected ) for the group of line 1, column 10, found ":"',
    ],
    ['root ::= "a")', 'INVALID_ARGUMENT', 'column 13: expected the end of the rule "root", found ")"'],
    ['root ::= *', 'INVALID_ARGUMENT', 'expected the end of the rule "root", found "*"'],
    ['root ::= "a"{', 'INVALID_ARGUMENT', 'column 14: expected a number, found the end'],
    ['root ::= "a"{x}', 'INVALID_ARGUMENT', 'expected a number, found "x"'],
    ['root ::= "a"{,x}', 'INVALID_ARGUMENT', 'expected a number, found "x"'],
    [
      'root ::= "a"{2',
      'INVALID_ARGUMENT',
      'expected } for the repetition of line 1, column 13, found the end',
    ],
    ['root ::= "a"{3,2}', 'INVALID_ARGUMENT', 'the repetition {3,2} ends before it begins'],
    ['root ::= "a"{1000001}', 'LIMIT', 'column 14: 1000001 repetitions are more than the limit of 1000000'],
    ['root ::= "a"{99999999999999999999}', 'LIMIT', 'more than the limit'],
    [String.raw`root ::= "\q"`, 'INVALID_ARGUMENT', 'column 11: there is no escape \\q'],
    [String.raw`root ::= "\x4"`, 'INVALID_ARGUMENT', '\\x needs 2 hexadecimal digits'],
    [String.raw`root ::= "\ud83d"`, 'INVALID_ARGUMENT', '\\ud83d is not a character'],
    [String.raw`root ::= "\U00110000"`, 'INVALID_ARGUMENT', '\\U00110000 is not a character'],
    ['root ::= "\\', 'INVALID_ARGUMENT', 'there is no escape \\'],
    ['root ::= "\ud800"', 'INVALID_ARGUMENT', 'a lone surrogate'],
    ['root ::= <[1234]>', 'UNSUPPORTED', 'tokens by name or number'],
    ['root ::= !<x>', 'UNSUPPORTED', 'tokens by name or number'],
    [`root ::= ${'('.repeat(MAX_DEPTH + 1)}`, 'LIMIT', 'groups are nested more than 100 deep'],
    [
      Array.from({ length: MAX_RULES + 1 }, (_, i) => `r${i} ::= "a"`).join('\n'),
      'LIMIT',
      'more than 20000 rules',
    ],
    [' '.repeat(MAX_SOURCE_LENGTH + 1), 'LIMIT', 'the grammar has 1000001 characters'],
    ['root ::= root "a" | "b"', 'INVALID_ARGUMENT', 'left recursion in the grammar: root → root'],
    [
      'root ::= a\na ::= "x"? b\nb ::= ("y" | "")* a',
      'INVALID_ARGUMENT',
      'left recursion in the grammar: a → b → a',
    ],
    ['root ::= "a" root', 'INVALID_ARGUMENT', 'the grammar matches no text: "root" never ends'],
    ['root ::= a+\na ::= "(" (a | "x" a) ")"', 'INVALID_ARGUMENT', 'the grammar matches no text'],
  ])('%.40j', (source, code, message) => {
    const attempt = () => compileGrammar(tokenizer, parseGbnf(source))
    expect(attempt).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }))
  })

  it('does not take long over thousands of rules in a row', () => {
    const rules = Array.from({ length: 19_000 }, (_, i) => `r${i} ::= r${i + 1}? "a"`)
    const source = ['root ::= r0', ...rules, 'r19000 ::= "b"'].join('\n')
    // Each may be omitted: too many parses at the beginning.
    expect(() => compileGrammar(tokenizer, parseGbnf(source)).matcher()).toThrow('simultaneous parses')
  })
})
