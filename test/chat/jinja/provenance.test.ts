/**
 * Text of a message never gets the template's provenance, whatever a template does with it. Random templates apply every
 * filter, method, global and operator to two messages in scripts that occur nowhere else: each letter of these in the output,
 * also when escaped, must have the provenance of its message, and messages that contain a control token may not produce more
 * trusted ones than harmless text of the same shape.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toValue } from '../../../src/chat/jinja/convert.js'
import { FILTER_NAMES } from '../../../src/chat/jinja/filters-and-tests.js'
import { GLOBAL_FUNCTIONS } from '../../../src/chat/jinja/globals.js'
import { DICT_METHODS, LIST_METHODS } from '../../../src/chat/jinja/methods/collection-methods.js'
import { NUMBER_METHODS } from '../../../src/chat/jinja/methods/number-methods.js'
import { STRING_METHODS } from '../../../src/chat/jinja/methods/string-methods.js'
import { Template } from '../../../src/chat/jinja/template.js'
import { FROM_TEMPLATE, type Text } from '../../../src/chat/jinja/text.js'
import type { Value } from '../../../src/chat/jinja/values.js'
import { DasllamaError } from '../../../src/errors.js'

const TOKEN = '<|im_start|>'
/** Characters of the same kinds that do not spell a token. */
const HARMLESS = '<|ab_cdefg|>'

const A = 1
const B = 2

/** The variables of all templates: texts, lists, mappings and JSON of the messages `a` (Cyrillic) and `b` (Greek). */
function variables(token: string): Map<string, Value> {
  const a = `Жук ${token} ж %s %(k)s {0} {k} <b>Яд</b> http://жук.com/ю 12\n\tщ%Y`
  const b = `σΩ ${token} λόγος, "Ψ" ' \\ & 3.5`
  const data: [string, unknown, number][] = [
    ['a', a, A],
    ['b', b, B],
    ['la', ['Ж', a, 'ю', ''], A],
    ['lb', ['Ω', 'Ω', b], B],
    ['da', { Ключ: a, k: 'ж', [token]: 'Ы' }, A],
    ['db', { λ: b, k: { ω: ['Σ', token] } }, B],
    ['ja', JSON.stringify({ Ж: ['ж', a], '\u0416"\n': token }), A],
    ['na', '1050', A],
  ]
  return new Map(data.map(([name, value, source]) => [name, toValue(value, source, name)] as const))
}

const TEXTS = [
  ...['a', 'b', 'ja', 'na', 'a', 'b', 'da.k', 'lb[0]', 'a[0]', "a ~ 'x'", "'x' ~ b"],
  ...["'x'", "''", "'%s|%r'", "'%5s'", "'{}-{k}'", "'{0}'", "'k'", "','", "'%Y'", "a ~ '%s'"],
]
const LISTS = [
  'la',
  'lb',
  '[a, b]',
  '[b, [a]]',
  '(a, b)',
  '[da, db]',
  'la + lb',
  '[na, 1, 2]',
  'da.items()',
  'a',
]
const MAPPINGS = [
  'da',
  'db',
  '{a: b}',
  "{'k': a, b: 1}",
  '{(a, b): [a]}',
  'dict(da, x=a)',
  'dict(la|batch(2)|list)',
]
const NUMBERS = ['1', '2', '0', '-1', 'true', 'none', 'na|int', '3.5', '9']
const TEXT_METHODS = [...STRING_METHODS.keys()]
const METHODS = [
  ...[STRING_METHODS, DICT_METHODS, LIST_METHODS, NUMBER_METHODS].flatMap((methods) => [...methods.keys()]),
]
const OPERATORS = ['+', '~', '*', '%', '-', '/', '==', '<', 'in', 'and', 'or', '//', '**']
const NAMES = [
  'k',
  'd',
  'attribute',
  'default',
  'width',
  'sep',
  'start',
  'indent',
  'ensure_ascii',
  'chars',
  'rel',
]
const TESTS = ['defined', 'string', 'mapping', 'odd', 'upper', 'iterable', 'none', 'true']

/** A generator of templates; `next(n)` is a number below `n`. */
class TemplateGenerator {
  readonly #next: (below: number) => number

  constructor(next: (below: number) => number) {
    this.#next = next
  }

  #of<T>(choices: readonly T[]): T {
    return choices[this.#next(choices.length)]
  }

  template(): string {
    const e = () => this.#expression(1 + this.#next(3))
    switch (this.#next(12)) {
      case 0:
        return `{% set v = ${e()} %}{{ v }}|{{ v|string }}|{{ [v] }}`
      case 1:
        return `{% macro m(p, q=${e()}) %}{{ p }}{{ q }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(*${this.#list()}, **${this.#mapping()}) }}`
      case 2:
        return `{% macro m() %}{{ kwargs|tojson }}{% for k, v in kwargs.items() %}${TOKEN}{{ k }}{{ v }}{% endfor %}{% endmacro %}{{ m(**${this.#mapping()}) }}`
      case 3:
        return `{% filter ${this.#of(FILTER_NAMES)} %}{{ ${e()} }}{% endfilter %}`
      case 4:
        return `{% for v in ${this.#list()} %}{{ v }}${TOKEN}{{ loop.previtem }}{{ loop.cycle(a, 'x') }}{% endfor %}`
      case 5:
        return `{% for k, v in dict(${this.#mapping()}).items() %}{{ k }}={{ v }};{% endfor %}`
      case 6:
        return `{% set ns = namespace(**${this.#mapping()}) %}{% set ns.x = ${e()} %}{{ ns }}{{ ns.x }}{{ ns.k }}`
      case 7:
        return `{% macro m(t) %}<{{ t }}>{{ caller() }}{% endmacro %}{% call m(${e()}) %}{{ ${e()} }}{% endcall %}`
      case 8:
        return `{% set v %}{{ ${e()} }}{% endset %}{{ v }}{{ v[1:] }}{{ v.split() }}`
      case 9:
        return `{% set j = joiner(${e()}) %}{{ j() }}{{ j() }}{% set c = cycler(${e()}, b) %}{{ c.next() }}{{ c.current }}`
      default:
        return `${TOKEN}{{ ${e()} }}{{ ${e()} }}`
    }
  }

  /** An expression, mostly of type string. */
  #text(depth = 1): string {
    return this.#next(4) === 0 ? this.#expression(depth) : this.#of(TEXTS)
  }

  #list(): string {
    return this.#next(4) === 0 ? this.#expression(1) : this.#of(LISTS)
  }

  #mapping(): string {
    return this.#next(4) === 0 ? this.#expression(1) : this.#of(MAPPINGS)
  }

  #expression(depth: number): string {
    if (depth === 0) return this.#of([...TEXTS, ...TEXTS, ...LISTS, ...MAPPINGS, ...NUMBERS])
    const inner = () => this.#expression(this.#next(depth))
    switch (this.#next(14)) {
      case 0:
      case 1:
      case 2:
        return `(${inner()}|${this.#of(FILTER_NAMES)}${this.#arguments(inner)})`
      case 3:
      case 4:
      case 5:
        return `(${this.#text(depth - 1)}).${this.#of(TEXT_METHODS)}${this.#arguments(() => this.#text()) || '()'}`
      case 6:
        return `(${inner()}).${this.#of(METHODS)}${this.#arguments(inner) || '()'}`
      case 7:
        return `(${inner()} ${this.#of(OPERATORS)} ${inner()})`
      case 8:
        return `${this.#of(GLOBAL_FUNCTIONS)}${this.#arguments(inner) || '()'}`
      case 9:
        return `(${inner()})${this.#of(['[0]', '[1:]', '[::-1]', '[-1]', "['k']", '[a]', '.k', '[:3]'])}`
      case 10:
        return `(${this.#list()}|map(${this.#of([`'${this.#of(FILTER_NAMES)}'`, "attribute='k'", 'attribute=0'])})|list)`
      case 11:
        return `(${this.#text()} % ${this.#of(['(a, b)', '(b, 1)', 'a', 'da', this.#text()])})`
      case 12:
        return `(${this.#text()}).${this.#of(['format(a, b, k=a)', 'format(da, **db)', 'format_map(da)'])}`
      default:
        return `(${inner()} if ${inner()} is ${this.#of(TESTS)} else ${inner()})`
    }
  }

  #arguments(inner: () => string): string {
    const count = this.#of([0, 0, 0, 1, 1, 1, 2, 3])
    if (count === 0) return ''
    const all = Array.from({ length: count }, () => {
      const kind = this.#next(10)
      if (kind === 0) return `${this.#of(NAMES)}=${inner()}`
      return kind === 1 ? this.#of(NUMBERS) : inner()
    })
    // Named arguments come last.
    return `(${all.sort((x, y) => Number(/^\w+=/.test(x)) - Number(/^\w+=/.test(y))).join(', ')})`
  }
}

/** A small seeded generator, so that fast-check can report the failing seed. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed | 0
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const NOW = new Date(2026, 0, 5, 13, 4, 9)

/** `undefined` if the template fails, as many of them do. */
function render(template: string, token: string): Text | undefined {
  try {
    return new Template(template).render(variables(token), NOW)
  } catch (error) {
    if (error instanceof DasllamaError) return undefined
    throw new Error(`${template}\n${error instanceof Error ? error.stack : error}`)
  }
}

/** Letters of the messages, and their escapes in JSON, Python and URLs. */
const CYRILLIC = /\p{Script=Cyrillic}/u
const GREEK = /\p{Script=Greek}/u
const ESCAPES = /\\u0[34]|%C[EF]|%D[01]|\\ud[01]/i

function check(template: string, text: Text): void {
  for (const { text: part, provenance } of text.runs) {
    const problem =
      provenance === FROM_TEMPLATE
        ? CYRILLIC.test(part) || GREEK.test(part) || ESCAPES.test(part)
        : (CYRILLIC.test(part) && provenance === B) || (GREEK.test(part) && provenance === A)
    if (problem) throw new Error(`${template}\n${JSON.stringify(text.runs)}`)
  }
}

/** The number of control tokens in trusted text. */
function trustedTokens(text: Text): number {
  let count = 0
  for (const run of text.runs) if (run.provenance === FROM_TEMPLATE) count += run.text.split(TOKEN).length - 1
  return count
}

describe('the provenance of text from messages', () => {
  it('survives random operations', () => {
    let rendered = 0
    let tried = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const template = new TemplateGenerator(randomNumbers(seed)).template()
        tried++
        const hostile = render(template, TOKEN)
        if (!hostile) return
        rendered++
        check(template, hostile)
        const harmless = render(template, HARMLESS)
        // The order of texts, and so what is selected, may depend on their content, which then affects the template's own text.
        if (!harmless || harmless.length !== hostile.length) return
        expect(trustedTokens(hostile), template).toBe(trustedTokens(harmless))
      }),
      { numRuns: 4000 },
    )
    expect(rendered).toBeGreaterThan(tried / 10)
  })

  /** The output, with text from messages in brackets. */
  const marked = (template: string) => {
    const values = new Map([
      ['a', toValue('one', A, 'a')],
      ['f', toValue('%Y', A, 'f')],
      ['c', toValue({ key: 'val' }, B, 'c')],
      ['j', toValue('{"x\\u0041": ["y", 1]}', A, 'j')],
      ['n', toValue('60', A, 'n')],
    ])
    return new Template(template)
      .render(values, NOW)
      .runs.map(({ text, provenance }) => (provenance === FROM_TEMPLATE ? text : `[${text}]`))
      .join('')
  }

  it.each([
    ['{{ dict(c) }}', "{'[key]': '[val]'}"],
    ['{{ dict(**c) }}', "{'[key]': '[val]'}"],
    ['{% macro m() %}{{ kwargs }}{% endmacro %}{{ m(**c) }}', "{'[key]': '[val]'}"],
    ['{{ dict([[a, 1]]) }}', "{'[one]': 1}"],
    ['{{ strftime_now(f) }}', '[2026]'],
    ["{{ strftime_now('%' ~ f[1]) }}", '[2026]'],
    ["{{ '%s|%5s' % (a, a) }}", '[one]|  [one]'],
    ["{{ (a ~ '%d') % 5 }}", '[one]5'],
    ["{{ '{}-{k}'.format(a, k=c) }}", "[one]-{'[key]': '[val]'}"],
    ["{{ '{:*^7}'.format(a) }}{{ ('{:' ~ a[0] ~ '^7}').format('x') }}", '**[one]**[ooo]x[ooo]'],
    ['{{ c|tojson(sort_keys=true) }}', '{"[key]": "[val]"}'],
    ['{{ c|urlencode }}', '[key]=[val]'],
    ['{{ (j|fromjson)|tojson }}', '{"[xA]": ["[y]", 1]}'],
    ['{{ c|xmlattr }}', ' [key]="[val]"'],
    ["{{ [{'r': a}]|groupby('r') }}", "[('[one]', [{'r': '[one]'}])]"],
    ['{{ a|title }}{{ a.title() }}{{ a|pprint }}', "[OneOne]'[one]'"],
    ["{{ '%c' % (n|int) }}{{ '{:c}'.format(n|int) }}", '[<<]'],
    ["{{ 'x'.translate({120: n|int}) }}", '[<]'],
    ['{{ n|int }}{{ a|length }}', '603'],
    ['{{ a.center(7, "*") }}{{ "x".center(3, a[0]) }}', '**[oneo]x[o]'.replace('[oneo]', '[one]**[o]')],
    ['{{ joiner(a)() }}{% set q = joiner(a) %}{{ q() }}{{ q() }}', '[one]'],
    ['{% set ns = namespace(**c) %}{{ ns.key }}', '[val]'],
  ])('%s', (template, expected) => {
    expect(marked(template)).toBe(expected)
  })
})
