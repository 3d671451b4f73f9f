/**
 * Templates of at most 2 kB that would take all memory or never end if they were not stopped. Each kind runs in a process with
 * a heap of 512 MB; the time limit is far above what any of them takes.
 */
import { describe } from 'vitest'
import { testAttack } from './support/child.js'

/** Texts and lists of a million elements as inputs. */
const MILLION = "{% set s = 'a' * 1000000 %}"
const LIST = '{% set l = [1] * 1000000 %}'
const times = (count: number, statement: string) => `{% for i in range(${count}) %}${statement}{% endfor %}`
/** Statements that keep their results, in separate variables. */
const kept = (count: number, value: string) =>
  Array.from({ length: count }, (_, i) => `{% set v${i} = ${value} %}`).join('')
const again = (value: string, count = 100_000) => times(count, `{% set x = ${value} %}`)

const ATTACKS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'values that stay alive': {
    'characters of a text': MILLION + kept(80, 's|list'),
    'characters that differ': `{% set s = ('abcdefghij' * 100000) %}${kept(60, 's|list')}`,
    'characters of many sources': kept(60, 'long|list'),
    'copies of a list': LIST + kept(80, 'l|list'),
    'slices of a list': LIST + kept(80, 'l[1:]'),
    'sums of lists': LIST + kept(70, '(l+l)[1:]'),
    'texts in capitals': MILLION + kept(80, 's|upper'),
    'texts joined': MILLION + kept(80, 's~s~s'),
    'words of a text': `{% set s = 'a ' * 400000 %}${kept(80, 's.split()')}`,
    'lines of a text': `{% set s = 'a\n' * 400000 %}${kept(60, 's.splitlines()')}`,
    batches: LIST + kept(60, 'l|batch(1)|list'),
    pairs: `{% set d = dict(range(100000)|batch(2)) %}${kept(80, 'd.items()')}`,
    mappings: `{% set d = range(100000)|batch(2)|list %}${kept(80, 'dict(d)')}`,
    'sorted lists': LIST + kept(80, 'l|sort'),
    'JSON read': `{% set j = ('[' ~ '[],' * 300000 ~ '0]') %}${kept(60, 'j|fromjson')}`,
    'a list in a namespace': `{% set n = namespace(l=[]) %}${times(100_000, "{% set n.l = n.l + ['x'] %}")}`,
    'a text in a namespace': `{% set n = namespace(t='') %}${times(100_000, "{% set n.t = n.t ~ 'xxxxxxxxxx' %}")}`,
    'lists of lists': `{% set n = namespace(l=[]) %}${times(100_000, '{% set n.l = [n.l, range(1000)|list] %}')}`,
    'small texts in lists': `{% set n = namespace(l=[]) %}${times(1000, "{% set n.l = n.l + [range(2000)|map('string')|list] %}")}`,
    'characters mapped': MILLION + kept(60, "s|map('upper')|list"),
    'partial formats': `{% set f = '%s' * 300000 %}{% set l = [1] * 300000 %}${kept(60, 'f|format(*l)')}`,
  },
  'work that counts little': {
    'sums of a million': LIST + again('l|sum'),
    'the largest of a million': LIST + again('l|max'),
    'the smallest of a million': LIST + again('l|min'),
    'equality of lists': `${LIST}{% set k = l[:] %}${again('k == l')}`,
    'equality of texts of many sources': `{% set p = long|replace('a', 'x') %}{% set q = p ~ '' %}${again("p == q ~ ''")}`,
    'an order of texts': `${MILLION}{% set t = s ~ 'b' %}${again('s < t')}`,
    'an item that is not there': LIST + again('2 in l'),
    'a text that is not there': MILLION + again("'b' in s"),
    lengths: `{% set s = '😀' * 1000000 %}${again('s|length')}`,
    'characters by their place': `{% set s = '😀' * 1000000 %}${again('s[999999]')}`,
    'counting in lists': LIST + again('l.count(2)'),
    'finding in lists': `${LIST}{% set l = l + [2] %}${again('l.index(2)')}`,
    'a test of each item': LIST + again("l|select('odd')|list"),
    'keys in order': `{% set d = dict(range(100000)|batch(2)) %}${again('d|dictsort|length')}`,
    'long texts in order': `${MILLION}{% set l = [s ~ 1, s ~ 2] * 1000 %}${again('l|sort')}`,
    'unique texts': `${MILLION}{% set l = [s ~ 1, s ~ 2] * 1000 %}${again('l|unique|list')}`,
    'groups of long texts': `${MILLION}{% set l = [{'k': s ~ 1}, {'k': s ~ 2}] * 1000 %}${again("l|groupby('k')")}`,
    'joins of nothing': `{% set l = [''] * 1000000 %}${again('l|join')}`,
    'sums of lists by +': `{% set l = [[1]] * 100000 %}{{ l|sum(start=[])|length }}`,
    'long keys': `${MILLION}{% set d = {s: 1} %}${again('d[s ~ "b"]')}`,
    'predicates of texts': MILLION + again('s.isalpha()'),
  },
  'searches and replacements': {
    'almost the same, again and again':
      "{% set s = 'a' * 2000000 %}{% set n = 'b' ~ 'a' * 1000000 %}{{ n in s }}",
    'the same from the right': "{% set s = 'a' * 2000000 %}{% set n = 'a' * 1000000 ~ 'b' %}{{ s.rfind(n) }}",
    periods:
      "{% set s = 'ab' * 1000000 %}{% set n = 'ab' * 400000 ~ 'c' %}{{ s.find(n) }}{{ s.count(n) }}{{ s.split(n)|length }}",
    'nothing replaced by much': `${MILLION}{{ s.replace('', s)|length }}`,
    'everything replaced': `${MILLION}{{ s|replace('a', 'bbbbbbbb')|length }}`,
    'texts of many sources cut': `{% set p = long|replace('a', 'x') %}${again("p.split('x')|length")}`,
    'texts of many sources replaced': `{% set p = long|replace('a', 'x') %}${again("p.replace('x', 'y')|length", 1000)}`,
    tabs: "{% set t = '\\t' * 1000000 %}{{ t.expandtabs(1000)|length }}",
  },
  'text that patterns meet': {
    'digits to an integer': '{{ digits|int }}',
    'digits to a float': '{{ digits|float }}',
    'digits and underscores': "{{ ('1_' * 500000)|int }}{{ ('1_' * 500000)|float }}",
    dots: "{{ ('.' * 1000000)|float }}{{ ('1.' * 500000)|float }}",
    exponents: "{{ ('1e' * 500000)|float }}{{ ('1e' ~ '9' * 900000)|float }}",
    'digits in JSON': '{{ digits|fromjson }}',
    'digits in another base': "{{ ('f' * 1000000)|int(base=16) }}{{ ('z' * 1000000)|int(base=36) }}",
    'white space':
      "{{ (' ' * 1000000 ~ 'x' ~ ' ' * 1000000)|trim|wordcount }}{{ (' ' * 1000000)|striptags }}",
    'open tags':
      "{{ ('<' * 1000000)|striptags|length }}{{ ('<!--' * 300000)|striptags|length }}{{ ('<!<!---->--' * 100000)|striptags|length }}",
    ampersands:
      "{{ ('&' * 1000000)|striptags|length }}{{ ('&amp' * 200000)|striptags|length }}{{ ('&#' * 200000)|striptags|length }}",
    addresses:
      "{{ ('a@' * 200000)|urlize|length }}{{ ('a.' * 200000 ~ '@')|urlize|length }}{{ ('http://' ~ 'a.' * 200000)|urlize|length }}",
    brackets:
      "{{ ('(' * 300000 ~ ')' * 300000)|urlize|length }}{{ ('&gt;' * 100000)|urlize|length }}{{ ('(a' * 100000 ~ ')' * 100000)|urlize|length }}",
    'dashes to wrap':
      "{{ ('-' * 300000)|wordwrap(10)|length }}{{ ('a-' * 200000)|wordwrap(10)|length }}{{ ('a--' * 200000)|wordwrap(1)|length }}",
    'one word to wrap': "{{ ('a' * 1000000)|wordwrap(1)|length }}{{ ('a' * 1000000)|wordwrap(1000)|length }}",
    'per cent signs':
      "{{ strftime_now('%' * 1000000)|length }}{{ strftime_now('%-' * 500000)|length }}{{ strftime_now('%c' * 400000)|length }}",
    conversions: "{{ ('%(' * 300000) % {} }}",
    braces: "{{ ('{' * 1000000).format() }}",
    'fields in fields': "{{ ('{:' * 100000 ~ '}' * 100000).format(1) }}",
    'brackets in fields': "{{ ('{0' ~ '[0]' * 300000 ~ '}').format([]) }}",
    'quotes to print': "{{ [(\"'\" * 1000000)] }}{{ [('\\\\' * 1000000)]|tojson|length }}",
    'text to print prettily': "{{ ('a ' * 200000)|pprint|length }}{{ ('\n' * 200000)|pprint|length }}",
    'lists to print prettily': '{{ ([[[[[1] * 10] * 10] * 10] * 10] * 10)|pprint|length }}',
    capitals:
      "{{ ('ß' * 1000000)|upper|length }}{{ ('aA ' * 300000)|title|length }}{{ ('ΑΣ ' * 300000)|lower|length }}",
  },
  'large numbers': {
    'a tower of powers': '{{ 9**9**9 }}',
    'a power of a power': `{% set n = namespace(x=9) %}${times(1000, '{% set n.x = n.x * n.x %}')}{{ n.x }}`,
    'powers in a loop': again('7**5000'),
    'products in a loop': `{% set b = 7**5000 %}${again('b * b % (b + 1)')}`,
    'an integer to print': '{{ 2**16000 }}',
    'integers to print in a loop': `{% set b = 7**4000 %}${again('b|string')}`,
    'a negative power': '{{ 2**-16000 }}{{ 0.5**16000 }}{{ 1.0000001**1e300 }}',
    rounding: `{% set b = 7**4000 %}${again('1e-300|round(300)')}${again('b|round(-3000)')}`,
    'an infinite range': '{{ range(10**9) }}',
    'ranges in a loop': again('range(100000)'),
    'a long loop': times(100_000, times(100_000, times(100_000, ''))),
  },
  'widths and repetitions': {
    'a text repeated': "{{ 'a' * 10**9 }}",
    'a list repeated': '{{ [1] * 10**9 }}',
    'nothing repeated': "{{ '' * 10**15 }}{{ ([] * 10**15)|length }}",
    'a huge factor': "{{ 'a' * 10**400 }}",
    center: "{{ 'a'|center(10**9) }}",
    'center, the method': "{{ 'a'.center(10**9, 'b') }}",
    'ljust and zfill': "{{ 'a'.ljust(10**9) }}",
    zfill: "{{ 'a'.zfill(10**12) }}",
    'a width in %': "{{ '%1000000000d' % 1 }}",
    'a precision in %': "{{ '%.1000000000f' % 1.5 }}",
    'a star in %': "{{ '%*d' % (10**9, 1) }}",
    'a width in format': "{{ '{:1000000000}'.format(1) }}",
    'a precision in format': "{{ '{:.1000000000f}'.format(1.5) }}",
    'grouped zeros': "{{ '{:0=1000000000,}'.format(1) }}",
    'precisions in a loop': again("'%.3000e' % 1e-300"),
    'a width in strftime': "{{ strftime_now('%1000000000Y') }}",
    'an indent': "{{ 'a\nb'|indent(10**9) }}",
    'an indent of JSON': '{{ [[1]]|tojson(indent=10**9) }}',
    'an indent at depth': `{% set n = namespace(l=[1] * 1000) %}${times(90, '{% set n.l = [n.l] %}')}{{ n.l|tojson(indent=4000) }}`,
    'separators of JSON': "{% set s = 'x' * 1000000 %}{{ ([1] * 1000)|tojson(separators=(s, s)) }}",
    'a filling': "{{ [1]|batch(10**9, 'x')|list }}",
    'many slices': '{{ [1]|slice(10**9)|list }}',
    'keyword arguments': `{% macro m() %}{{ kwargs|length }}{% endmacro %}{% set d = dict(range(100000)|map('string')|batch(2)) %}${times(1000, '{{ m(**d) }}')}`,
    'arguments by the million': `${LIST}{% macro m() %}{{ varargs|length }}{% endmacro %}${times(1000, '{{ m(*l) }}')}`,
  },
  'depths and shared parts': {
    'a list in itself, compared': `{% set n = namespace(a=[1], b=[1]) %}${times(90, '{% set n.a = [n.a, n.a] %}{% set n.b = [n.b, n.b] %}')}{{ n.a == n.b }}`,
    'a list in itself, printed': `{% set n = namespace(a=[1]) %}${times(90, '{% set n.a = [n.a, n.a] %}')}{{ n.a }}`,
    'a list in itself, as JSON': `{% set n = namespace(a=[1]) %}${times(90, '{% set n.a = [n.a, n.a] %}')}{{ n.a|tojson }}`,
    'a list in itself, printed prettily': `{% set n = namespace(a=[1]) %}${times(90, '{% set n.a = [n.a, n.a] %}')}{{ n.a|pprint }}`,
    'a tuple in itself, as a key': `{% set n = namespace(a=(1, 1)) %}${times(90, '{% set n.a = (n.a, n.a) %}')}{{ {n.a: 1}|length }}`,
    'a tuple in itself, hashed': `{% set n = namespace(a=(1, 1)) %}${times(90, '{% set n.a = (n.a, n.a) %}')}{{ [n.a, n.a]|unique|list|length }}`,
    'deep lists as keys': `{% set n = namespace(a=(1, 1)) %}${times(90_000, '{% set n.a = (n.a, 1) %}')}{{ {n.a: 1}|length }}`,
    'deep lists printed': `{% set n = namespace(a=[1]) %}${times(90_000, '{% set n.a = [n.a] %}')}{{ n.a }}`,
    'deep lists in order': `{% set n = namespace(a=[1], b=[1]) %}${times(90_000, '{% set n.a = [n.a] %}{% set n.b = [n.b] %}')}{{ n.a < n.b }}`,
    'deep JSON': "{{ ('[' * 1000000)|fromjson }}",
    'deep paths': "{{ range(100000)|map(attribute='a.' * 500000 ~ 'a', default=1)|list|length }}",
  },
}

describe('hostile templates', () => {
  for (const [attack, templates] of Object.entries(ATTACKS)) {
    testAttack(
      attack,
      'templates.ts',
      Object.keys(templates).length,
      { heapMegabytes: 512, residentMegabytes: 900, seconds: 480 },
      templates,
    )
  }
})
