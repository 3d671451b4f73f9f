import { describe } from 'vitest'
import { testAttack } from './support/child.js'

/** Slightly fewer characters than a template may have. */
const SIZE = 130_000
const fill = (piece: string) => piece.repeat(Math.floor(SIZE / piece.length))
/** Pieces of a hostile template: the beginning, the repeated part, the end. */
const around = (before: string, piece: string, after: string) =>
  before + piece.repeat(Math.floor((SIZE - before.length - after.length) / piece.length)) + after

/** Text that a lexer would scan repeatedly if it looked ahead for the end of something. */
const LEXER = Object.entries({
  spaces: fill(' '),
  'spaces before a tag': around('', ' ', '{%- if 1 %}{% endif %}'),
  'spaces before a tag in each line': fill(`${' '.repeat(900)}x\n${' '.repeat(900)}{% set a = 1 %}\n`),
  'spaces in a tag': around('{% if', ' ', '1 %}{% endif %}'),
  'spaces in a tag without end': around('{% if', ' ', ''),
  'line feeds': fill('\n'),
  'carriage returns': fill('\r'),
  'both, the wrong way round': fill('\n\r'),
  'open braces': fill('{'),
  'open tags': fill('{%'),
  'open outputs': fill('{{'),
  'open comments': fill('{#'),
  'open comments with signs': fill('{#-'),
  'comments one after another': fill('{# #}'),
  'comments and spaces': fill('{#- -#}   '),
  'a raw block without end': around('{% raw %}', '{% endraw ', ''),
  'a raw block of almost ends': around('{% raw %}', '{%-      endra', '{% endraw %}'),
  'spaces after raw': around('{% raw', ' ', ''),
  'raw tags with spaces': fill(`{%${' '.repeat(500)}raw`),
  quotes: around('{{ ', "'", ' }}'),
  'a string without end': around("{{ '", 'a', ' }}'),
  'a string of backslashes': around("{{ '", '\\', "' }}"),
  'a string of escapes': around("{{ '", '\\x41', "' }}"),
  'escapes without digits': around("{{ '", '\\N{', "' }}"),
  'adjacent strings': around('{{ ', "'a' ", '}}'),
  digits: around('{{ ', '9', ' }}'),
  'digits and underscores': around('{{ ', '1_', ' }}'),
  'digits and dots': around('{{ ', '1.', ' }}'),
  exponents: around('{{ ', '1e', ' }}'),
  'hexadecimal digits': around('{{ 0x', 'f', ' }}'),
  'a long name': around('{{ ', 'a', ' }}'),
  'a long name of other letters': around('{{ ', 'é', ' }}'),
  'combining marks': around('{{ a', '\u0301', ' }}'),
})

const PARSER = Object.entries({
  brackets: around('{{ ', '(', ''),
  'brackets that close': around('{{ ', '(', ')'),
  lists: around('{{ ', '[', ''),
  dicts: around('{{ ', '{1:', ''),
  minus: around('{{ ', '-', '1 }}'),
  not: around('{{ ', 'not ', '1 }}'),
  sums: around('{{ 1', ' + 1', ' }}'),
  powers: around('{{ 1', ' ** 1', ' }}'),
  concatenations: around('{{ 1', ' ~ 1', ' }}'),
  comparisons: around('{{ 1', ' < 2', ' }}'),
  or: around('{{ 0', ' or 0', ' }}'),
  conditions: around('{{ 1', ' if 1 else 1', ' }}'),
  'conditions without else': around('{{ 1', ' if 1', ' }}'),
  filters: around('{{ 1', '|e', ' }}'),
  tests: around('{{ 1', ' is odd()', ' }}'),
  attributes: around('{{ a', '.a', ' }}'),
  indices: around('{{ a', '[0]', ' }}'),
  slices: around('{{ a', '[:]', ' }}'),
  calls: around('{{ a', '()', ' }}'),
  arguments: around('{{ a(', '1,', ') }}'),
  'named arguments': `{{ dict(${Array.from({ length: 10_000 }, (_, i) => `a${i}=1`).join()}) }}`,
  'items of a list': around('{{ [', '1,', ']|length }}'),
  'items of a tuple': around('{{ (', '1,', ')|length }}'),
  'items of a mapping': around('{{ {', '1:1,', '}|length }}'),
  ifs: fill('{% if 1 %}'),
  elifs: around('{% if 0 %}', '{% elif 0 %}', '{% endif %}'),
  fors: fill('{% for a in b %}'),
  macros: fill('{% macro a() %}'),
  sets: fill('{% set a %}'),
  targets: around('{% set ', '(', ''),
  'more targets': around('{% set a', ',a', ' = 1 %}'),
  parameters: `{% macro m(${Array.from({ length: 10_000 }, (_, i) => `a${i}=1`).join()}) %}{% endmacro %}{{ m() }}`,
  withs: fill('{% with a = 1 %}'),
  'macros that read caller': fill('{% macro a() %}{{ caller }}{% endmacro %}'),
  blocks: Array.from({ length: 4000 }, (_, i) => `{% block b${i} %}{% endblock %}`).join(''),
  'many names before many ifs':
    Array.from({ length: 4000 }, (_, i) => `{% set a${i}=1 %}`).join('') +
    '{% if 0 %}{% endif %}'.repeat(2500),
  'many names in many loops': Array.from(
    { length: 3000 },
    (_, i) => `{% for a${i} in [1] %}{% set b=1 %}{% endfor %}`,
  ).join(''),
  'ends without beginnings': fill('{% endif %}'),
  'unknown tags': fill('{% x %}'),
})

const RENDERING = Object.entries({
  'a macro that calls itself': '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}',
  'a macro that calls itself in everything':
    '{% macro m(n) %}{% for i in [1] %}{% if 1 %}{% filter upper %}{{ [{1: m(n + 1)}] }}{% endfilter %}{% endif %}{% endfor %}{% endmacro %}{{ m(0) }}',
  'a body that calls the macro that calls it':
    '{% macro m() %}{{ caller() }}{% endmacro %}{% macro k() %}{% call m() %}{{ k() }}{% endcall %}{% endmacro %}{{ k() }}',
  'a loop that calls itself': '{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}',
  'a default that calls its macro': '{% macro m(a=m()) %}{% endmacro %}{{ m() }}',
  'a loop in a loop': '{% for a in range(99999) %}'.repeat(4) + '{% endfor %}'.repeat(4),
  'a condition that is never met':
    '{% for a in range(99999) %}{% for b in range(99999) if 0 %}{% endfor %}{% endfor %}',
  'a length in each turn':
    '{% for a in range(99999) %}{% if loop.length and loop.revindex %}{% endif %}{% endfor %}',
  'what is ahead in each turn': '{% for a in range(99999) %}{{ loop.last }}{{ loop.nextitem }}{% endfor %}',
  'changes of long texts':
    "{% set s = 'a' * 3000000 %}{% for a in range(99999) %}{% if loop.changed(s ~ a) %}{% endif %}{% endfor %}",
  'scopes that keep their variables':
    '{% set ns = namespace(m=[]) %}{% for a in range(99999) %}{% macro k() %}{{ a }}{% endmacro %}{% set ns.m = [k, ns.m] %}{% endfor %}',
  'arguments for many':
    '{% macro m() %}{{ varargs|length }}{% endmacro %}{% set r = range(99999) %}{% for a in r %}{{ m(*r) }}{% endfor %}',
})

describe('hostile templates', () => {
  const limits = { heapMegabytes: 400, seconds: 240 }
  testAttack('Jinja text that could be scanned repeatedly', 'jinja-language.ts', LEXER.length, limits, LEXER)
  testAttack('Jinja text that nests or repeats', 'jinja-language.ts', PARSER.length, limits, PARSER)
  testAttack('endless Jinja programs', 'jinja-language.ts', RENDERING.length, limits, RENDERING)
})
